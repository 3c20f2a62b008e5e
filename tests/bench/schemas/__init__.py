"""How good learned schemas are: curves over the number of requests that they were learned from.

How it is measured (the modules say more):

1. *Operations* (`truth`). Of each provider's document (`tests.bench.discovery.corpus`: the same documents and halves)
   up to four operations whose requests have something to learn, two of them with a body where there are two: path,
   query and header parameters, a JSON body or a form. Their schemas are the truth: references are followed, and what
   recurs is cut off. Credentials are left out, of which nothing is to be learned.
2. *Valid requests* (`values`). Each field has a habit of its own, drawn once: how often it is there (an optional one in
   four never, the others mostly rarely or nearly always), and how its values are spread: numbers evenly, log-normal, or
   a few usual ones; enums and usual values by Zipf's law with exponents from 0 to 1.5; texts as names, sentences,
   slugs, codes, ids; lengths geometric. So values lie where clients' values lie, not at the limits of what is declared.
   Every request is checked against the truth; operations that give no valid ones are left out and counted.
3. *Mutated requests* (`mutating`). One place of a fresh valid request is changed, in one of four classes: wrong type;
   out of range (numbers, lengths of texts and arrays; half by the least possible step); unknown enum value (half
   of them a slip of the pen); bad format (pattern, too). Only what the truth refuses counts, only at places that were
   seen at least once in what was learned from (fields never seen are accepted on purpose), and only where the request
   is accepted without the change.
4. *Learning and judging* (`curves`, `judging`). A profile learns from 10, 30, 100, 300 and 1,000 requests; the exported
   OpenAPI operation then judges fresh requests, valid and mutated, with a public validator that asserts formats. Text
   of a parameter is read as the type that is stated.
"""
