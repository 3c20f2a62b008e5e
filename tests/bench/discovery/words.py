"""Ordinary words and names, of which slugs, texts and user names are made.

WORKPLACE: words that projects, services and teams are named by, among them many that paths of APIs are made of, too.
"""

from __future__ import annotations

from typing import Final


def listed(text: str) -> tuple[str, ...]:
    """The words of a text."""
    return tuple(text.split())


ADJECTIVES: Final = listed(
    """
    able active annual basic big blue bold brave bright broad calm central classic clean clear clever cold cool
    crisp daily dark deep direct early easy eastern electric empty equal even extra fair famous fast fine firm
    first flat formal free french fresh full gentle giant global golden good grand great green happy hard heavy
    hidden high honest hot huge human ideal inner internal joint keen kind large late lean light little lively
    local long loud loyal lucky main major mellow merry mild minor mobile modern monthly narrow natural neat new
    nice noble northern novel old open orange outer pale plain polite prime private proud public pure purple
    quick quiet rapid rare raw ready real red remote rich rising robust round royal rural safe second secret
    sharp shiny short silent silver simple slow small smart smooth social soft solar solid southern spare
    special steady still strong summer sunny super sweet swift tall tender tidy tiny true upper urban vast
    velvet vivid warm weekly western white wide wild winter wise wooden yellow young
    """
)
NOUNS: Final = listed(
    """
    academy acorn agency air album alpha anchor angle apple archive area arrow art atlas autumn award badge
    bakery ball bank barn basket bay beach beacon bean bear bell berry bike bird block board boat bonus book
    boots border bottle box branch bread breeze brick bridge brook brush budget builder building bundle cabin
    cable cake camera camp campaign canal candle canyon capital car card cargo carpet castle cedar center chain
    chair challenge chapter charm cherry choice choir circle citizen city cliff clinic clock cloud club coast
    coat coffee college comet compass concert contest copper coral corner cotton council courage course court
    cove craft crane creek crew crown crystal culture cup cycle dance data dawn day deal delta demo desert
    design desk dinner dolphin door dragon dream dress drive eagle earth east echo edge editor effort elm ember
    energy engine engineering equity essay estate event exhibit expert fabric factory falcon family farm fashion
    feather fence fern festival field film finance finch fire fish flag flame fleet flight flower focus forest
    forge fork fox frame friend frost fruit future galaxy gallery game garden gate gift glass globe glove grain
    grape grass grove guide guitar habit hall hammer harbor harvest hat hawk heart hedge hero hill history
    hockey holiday home honey hope horizon horse hotel house ice idea index industry insight iris iron island
    ivory jacket jazz jewel journal journey jungle juniper kitchen kite knight lab ladder lake lamp lantern
    launch lawn leader leaf legend lemon lens letter level library lily lion logic lotus lumber lunch magnet
    mango manor maple marble market marketing meadow medal melody memory metal meteor mill mint mirror mission
    moon morning moss motor mountain museum music nature nest network newsletter night north notebook novelist
    oak oasis ocean office olive onboarding opera orbit orchard outlet owl oyster palace palm panda paper parade
    park parrot partner party path peach peak pearl pencil people pepper piano picnic pier pilot pine pioneer
    pixel planet plant plaza plum pocket poem polar pond poppy port portrait power prairie press prize
    production program project promo puzzle quarter quartz queen quest rabbit radio rail rain rainbow ranch
    raven reef research retail retreat river road robin robot rocket roof room root rose route sail salad sale
    salmon sand sandbox scholar school science scout sea season seed sender shade shadow shelf shell shield ship
    shirt shoes shop shore signal silk sky sleep smile snow soccer song south space spark sparrow spice spirit
    sport spring sprint squad stable stadium staff stage staging star station stone store storm story stream
    street studio sugar suite sun sunset supply support surf swan table talent tea team temple tennis theater
    thread thunder ticket tiger timber torch tower town toys track trade trail train travel tree trial tribe
    trip trophy tulip tunnel valley vault venture verse vessel victory village vine violin vision voice voyage
    wagon walnut watch water wave weather wedding west whale wheat wheel willow wind window wine wing winner
    wolf wonder wood workshop world yard year zebra zone
    """
)
WORKPLACE: Final = listed(
    """
    account accounting admin agent alert analytics api app assets audit auth backend backup base batch beta
    billing booking bot budget build bulk business calendar catalog cart chat checkout client cms common company
    config connector console contact content core crm customer dashboard data database default demo deploy dev
    device docs document domain email event example export external feed file finance form frontend gateway
    group hr image import infra ingest internal inventory invoice job key landing layer legal library live log
    login mail main management marketing media member message metrics mobile monitoring node notes notification
    online operations order page partner payment payroll people pipeline platform player portal post price
    private process product production profile project proxy public purchasing qa queue recruiting release
    report request research review sales sample sandbox scheduler schema search security server service session
    settings shipping shop signup site stage staging standard stats status stock storage store support survey
    sync system task team template test ticket tools tracking training ui update upload user vendor video
    warehouse web webhook website widget worker workflow
    """
)
FIRST_NAMES: Final = listed(
    """
    ada alan alice amir ana anders anna aya ben bella carl carla chen clara dan david diego elena emil emma eric
    eva fatima felix finn grace hana hugo ida ines ivan jack jane jean jonas julia kai karim kate kim lara leo
    lena liam lily lina luca lucy maria mark marta mateo max mia mira nina noah nora olga oliver omar otto paul
    pia priya ravi rosa ruth sam sara simon sofia tara theo tim tom uma vera victor wei yuki yusuf zoe
    """
)
LAST_NAMES: Final = listed(
    """
    adams ahmed anderson baker bauer becker berg brown castro chen clark cohen costa cruz davis diaz dubois
    evans fischer ford garcia gomez green gupta hall haas hansen hill hughes ito jansen jones kelly khan kim
    klein kumar lang larsen lee lewis lopez martin mehta meyer miller moore mori nakamura nguyen novak okafor
    olsen park patel perez petrov quinn ramos reed rivera rossi ruiz santos sato schmidt silva singh smith stone
    suzuki tanaka taylor torres turner vega wagner walker wang weber white wilson wong wright yamada young zhang
    """
)
COUNTRIES: Final = listed(
    """
    AR AT AU BE BR CA CH CL CN CO CZ DE DK EG ES FI FR GB GR HK HU ID IE IL IN IT JP KE KR MX MY NG NL NO NZ PE
    PH PL PT RO SA SE SG TH TR TW UA US VN ZA
    """
)
CURRENCIES: Final = listed(
    """
    USD EUR GBP JPY CHF AUD CAD CNY SEK NOK DKK PLN INR BRL MXN ZAR SGD HKD NZD CZK
    """
)
LANGUAGES: Final = listed(
    """
    en de fr es it nl pt sv da fi pl ja zh ko ru tr en-US en-GB de-DE fr-FR es-ES es-MX pt-BR it-IT nl-NL ja-JP
    zh-CN ko-KR
    """
)
REGIONS: Final = listed(
    """
    us-east-1 us-east-2 us-west-1 us-west-2 eu-west-1 eu-west-2 eu-central-1 eu-north-1 ap-south-1
    ap-southeast-1 ap-northeast-1 sa-east-1 ca-central-1
    """
)
