"""Food: things to eat and drink."""

from .pixels import COLD_INKS, MOSS_INKS, PLUM_INKS, RAMPS, WARM_COLD_INKS, WARM_INKS, WARM_PLUM_INKS, Kind, variants


def bite(canvas, at, inside):
    """A bite from the right, whose rim shows the ramp `inside`."""
    canvas.paste_inside(BITE["rim"], inside, at=at)
    canvas.erase(BITE["hole"], at=(at[0] + 1, at[1] + 1))


def sprinkle(canvas, pattern, colours, at):
    canvas.paste_inside(SPRINKLES[pattern], *SPRINKLE_COLOURS[colours], at=at)


# ---- shared by several kinds ----

LEAVES = variants("""
small long   pair
.ccb. ..cccb cc..cb
cdcb. cdccb. dcccbb
cbb.. .bbb.. .bb.b.
""")
BITE = variants("""
rim      hole
..ccccc. ..xxxxxx
.cccccc. .xxxxxxx
ccccccc. xxxxxxxx
ccccccc. .xxxxxxx
ccccccc. ..xxxxxx
.cccccc. ........
..ccccc. ........
""")
STEAM = variants("""
wisps       curl        puffs
...b....b.. .....bb.... ..b...b....
..b....b... ....b...... .b...b..b..
..b....b... .....bb.... ..b...b..b.
...b....b.. ....b...... ........b..
""")
PLATE = """
.dddddddddddddc.
..bccccccccccb..
"""
SPRINKLES = variants("""
few              many             rods
...c.......g.... ...c...k...g.... ....cc.....k....
................ .....g...c...... ...........k....
................ ..k.........k... ..g.....gg......
.....k....c..... .....c...g...... ..g..k.......c..
................ ...g...k...c.... .....k......c...
................ ..........g..... ...c....k.......
..g..........k.. ..c...g.....k... ..c.....k..gg...
................ ....k....c...... .....gg.........
................ ..g....k...g.... ...k......cc....
....k....g...... ....c.....k..... ...k...g.....k..
................ ..k...g....c.... .......g...c....
............c... .....k...g...... ....cc......c...
""")
SPRINKLE_COLOURS = {
    "candy": ("pink", "cyan", "yellow"),
    "fruit": ("red", "lime", "amber"),
    "snow": ("white", "mithril", "white"),
    "cocoa": ("brown", "umber", "chestnut"),
}

# ---- fruit and vegetables ----

APPLE_BODY = """
...cccc..cccb...
..cddcccccccbb..
.cddcccccccccbb.
.cddcccccccccbb.
.cdccccccccccbb.
.ccccccccccccba.
.cccccccccccbba.
..cccccccccbba..
..bccccccbbbba..
...bbbbbbbbaa...
....bbaa.aaa....
"""
APPLE_STEM = """
..b
.ba
.a.
.a.
"""
APPLE_MARKS = variants("""
blush    stripes  freckles
......cc .c..c..c ...c....
.....ccc .c..c..c c.....c.
....cccc c...c..c ...c....
....cccc c...c..c ......c.
...ccccb c...c... ..c.....
..ccccbb ....c... .....c..
.ccccbbb ........ ........
""")
PEAR_BODY = """
.......cb.......
......cccb......
......dccb......
.....cdccbb.....
.....cdccbb.....
....ccdcccbb....
...cddccccccb...
..cddcccccccbb..
..cdccccccccbb..
..cccccccccbba..
..ccccccccbbba..
...bcccbbbbba...
....bbbbbaaa....
"""
CHERRY = """
..####..
.#ccbb#.
#cddccb#
#cdcccb#
#ccccbb#
#cccbba#
.#bbaa#.
..####..
"""
CHERRY_STEMS = variants("""
pair             trio
................ ................
.........bb..... .......bb.......
........b.b..... .......bb.......
.......b...b.... ......b.b.......
......b....b.... .....b..b.b.....
.....b.....b.... .....b..b..b....
.....b.....b.... ....b...b..b....
....b......b.... ....b.......b...
....b......b.... ....b.......b...
...........b.... ....b.......b...
""")
CHERRY_SPOTS = {"pair": [(7, 0), (8, 8)], "trio": [(5, 4), (8, 0), (8, 8)]}
BERRY = """
.cc.
cdcb
ccba
.aa.
"""
BUNCHES = {
    "wide": [(4, 2), (4, 6), (4, 10), (7, 4), (7, 8), (10, 6), (11, 6)],
    "long": [(4, 4), (4, 8), (6, 2), (6, 10), (7, 6), (9, 4), (9, 8), (11, 6)],
    "full": [(4, 4), (4, 8), (7, 1), (7, 11), (7, 6), (10, 3), (10, 9), (11, 6)],
}
VINES = variants("""
twig             bar              curl
.......ba....... ................ ......b...aa....
.......b........ ....bbbbbbba.... ......bb.a..a...
......bb........ .......bb....... .......bba..a...
""")
STRAWBERRY_BODY = """
...cccccccccb...
..cddccccccccb..
..cdcccccccccb..
..ccccccccccbb..
..cccccccccbbb..
...ccccccccbb...
...ccccccccbb...
....ccccccba....
....ccccbbba....
.....cccbaa.....
......bbaa......
"""
STRAWBERRY_CAPS = variants("""
star             crown            drooping
................ ................ ................
.......bb....... ...c...cb...b... ......cc........
.......c........ ...dc..cb..bb... .......cb.......
...cc..cb..bb... ....dcccccbb.... ....cccccbbb....
..cdccccccbbbb.. ...cdcccccbbb... ..cdccccccccbb..
....bcbccbbb.... ...bb.bbb.bbb... ..cb.bccb.bb.b..
.....b..b..b.... ................ ..b...bb......b.
""")
SEEDS = variants("""
rows             sparse           dense
....d...d..d.... ................ ...d.d.d.d.d....
................ ....d....d...... ................
...d..d...d..... ................ ...d.d.d.d.d....
................ .......d...d.... ................
.....d..d..d.... ................ ....d.d.d.d.....
................ .....d...d...... ................
......d..d...... ................ .....d.d.d......
................ .......d........ ................
.......d........ ................ .......d........
""")
DIPS = variants("""
low              high
....d........... ..d........b....
...ddd....cb.... ..ddc....ccbb...
..ddccccccccbb.. ..dddcc.cccbbb..
..cccccccccbbb.. ..dcccccccccbb..
..ccccccccbbba.. ..cccccccccbbb..
................ ..cccccccccbba..
................ ..cccccccbbbba..
................ ..ccccccbbbbaa..
""")
BANANAS = variants("""
single           peeled           bunch
...........jji.. ......ggg....... .......jji......
...........kji.. .....ghhgf...... .......kji......
...........ccb.. .....ghhgf...... .......ccccb....
...........dccb. .....ghggf...... ......cdcbccb...
...........dccb. ..cc.ghggf.cb... .....cdcbdcccb..
..........cdccb. .cddcghggfccbb.. ....cdccbdcccb..
..........ddccb. .cdccdgggfccbbb. ...cdccb.dcccbb.
.........cdccbb. .cb.cdgggfcb.bb. ..cdccb.cdcccbb.
........cddccb.. .b..cddgfcbb..a. .cdccbb.cdcccbb.
.......cddcccb.. ....cdccccbb.... .jcbbb.cddcccb..
.jccccdddcccbb.. .....dcccbb..... .ib..ccddcccbb..
.icddddcccccb... .....dcccbb..... ....iccccccbb...
..bccccccbbb.... ......ccbb...... .....bbbbbba....
....bbbbaa...... .......ji....... ................
""")
BANANA_SPOTS = variants("""
freckles         patches
...........b.... ............b...
................ ............bb..
............b... ................
..........b..... ....b......b....
....b......b.... ...bb......bb...
.........b...... ................
...b.......b.... .........b......
.........b...... ..b.....bb......
......b......... ................
""")
MELONS = variants("""
half             wedge            round
................ ................ ................
................ .......dc....... .....ffffff.....
................ ......dccb...... ...ffhhhhhhff...
................ ......dccb...... ..fhhdddddchhf..
.fhdddddddddbhf. .....dccccb..... ..fhddcccccchf..
.fhdccccccccbhf. .....dccccb..... .fhddccccccccge.
.fhdccccccccbhf. ....dccccccb.... .fhdcccccccccge.
.efhdccccccbhfe. ....dccccccb.... .fhdcccccccccge.
..fhdccccccbhf.. ...dccccccccb... .fhdcccccccccge.
..efhccccbbhfe.. ...dccccccccb... .fhdccccccccbge.
...efhccbbhfe... ..dccccccccccb.. .fhccccccccbbge.
....effhhffe.... ..hccccccccccg.. ..fhcccccccbge..
......eeee...... .ghhhhhhhhhhhgf. ..fhhccccbbhge..
................ .ffgggggggggffe. ...ffhhhhggee...
................ ...eeeeeeeeee... .....eeeeee.....
""")
MELON_SEEDS = variants("""
three            five             diamond          scatter
.......x........ ......x......... ........x....... .....x....x.....
................ ................ ................ .......x........
................ .........x...... .....x.....x.... ................
.....x...x...... .....x.......... ................ ......x..x......
................ ................ .......x........ .....x.....x....
................ ........x....... ................ .......x........
""")
MELON_BITE = """
.xxxxx
.xxxxx
xxxxx.
.xxx..
"""
CARROTS = variants("""
long             stout            straight
.......cccb..... .......ccccb.... .....ccccb......
......cddccb.... .....ccddccb.... ....cddcccb.....
......cdccccb... ....cddccccbb... ....cddcccb.....
......cdccccb... ....cdcccccbb... ....cdccccb.....
.....cdccccbb... ...cdccccccbb... ....cdccccb.....
.....ccccccb.... ...ccccccccb.... ....cccccbb.....
....cdccccbb.... ...cccccccbb.... .....ccccb......
....ccccbbb..... ...ccccccbb..... .....ccccb......
...cdccbba...... ...cccccbb...... .....cccbb......
..ccccbb........ ..cccbbaa....... ......ccb.......
..cccba......... ..ccba.......... ......cba.......
.cba............ .ca............. .......b........
""")
CARROT_RINGS = variants("""
rings            dashes
................ ........aa......
......aa........ .....aa.........
...........a.... ................
.....aa......... ........aa......
.........aa..... .....aa.........
....aa.......... ................
.......aa....... .....aa.........
...aa........... ................
""")
CARROT_TOPS = variants("""
ferns      tuft       stubs
....c.cc.. ...cc..cb. ..........
....d.cdcc ..cdc.ccb. ....c..c..
..c.dcccbb ..ddccccb. ....c.cb..
..cc.ccbb. ...dcccb.. ....ccbb..
....ccbb.. ....ccb... ....bcb...
""")

# ---- savoury ----

CHEESES = variants("""
wedge            block
..........ddd... ................
........dddddd.. .....ddddddddd..
......ddddddddd. ...ddddddddddda.
....ddddddddddd. .dddddddddddbba.
..ddddddddddddd. .cccccccccccbba.
.cccccccccccccb. .cccccccccccbba.
.cccccccccccccb. .cccccccccccbba.
.cccccccccccccb. .cccccccccccbba.
.cccccccccccccb. .cccccccccccbb..
.bbbbbbbbbbbbba. .bbbbbbbbbbba...
""")
CHEESE_HOLES = variants("""
big              small            mixed
................ ................ ................
................ ................ ................
.......bb....... ......b......... .........bb.....
................ ..........b..... ................
................ ................ ................
...ab....ab..... ...a......a..... .....ab.........
...bd....bbb.... ......a......... .....bd...ab....
.....ab...bb.... ...a.....a...... ..a.......bd....
.....bd......... .......a........ .......a........
""")
CHEESE_RINDS = variants("""
base             back
................ ..........bbb...
................ ........bbccccb.
................ ..............b.
................ ..............b.
................ ..............b.
................ ..............b.
................ ..............b.
................ ..............b.
................ ..............b.
.cccccccccccccb. ..............a.
""")
CHEESE_SIDES = variants("""
tomato olive leaf
.cc... ..... cc.c
cdcb.. .cc.. dcbc
cccb.. cdcb. .cb.
.bb... .bb.. .b..
""")
FISH = variants("""
whole            eaten
.....ffff....... ................
....gffffff..... ................
...cdddcccc..ff. ...cdc..........
..cdddcccccbfgf. ..cdddc.w.w..ff.
.cddcccccccbgf.. .cddccc.w.w.fgf.
.cxccdcdccbbgf.. .cxcccwwwwwwfg..
.ccccccccbbbfgf. .cccccb.w.w.fgf.
..hhhhhhhgb..ff. ..hhhgb.w.w..ff.
...hhhggff...... ...hhg..........
.....fff........ ................
""")
FISH_MARKS = variants("""
grill         scales        stripe
......a..a... ............. .............
.....a..a.... ....b.b.b.... .............
.....a..a..a. .....b.b.b... ....aaaaaaaa.
......a..a... ....b.b.b.... .............
.....a..a.... .....b.b..... .............
""")
MEATS = variants("""
leg              steak
....cccc........ ....ffffffff....
..ccddcccb...... ..ffgccccccgff..
.ccddcccccb..... .fgccddccccccgf.
.cddccccccbb.... .gcddcccccccccg.
.cdcccccccbb.... .gcdcccchhccccg.
.ccccccccccb.... .fccccccghccccf.
.cccccccccbb.... .fgcccccccccbgf.
..ccccccccba.... ..fgccccbbbbgf..
..bccccbbbaa.... ...ffgbbbbgff...
...bbbbbbaagh... .....eeeeee.....
.....aaaa.hggf.. ................
...........gfgg. ................
............gf.. ................
""")
MEAT_MARKS = variants("""
grill      sauce      herbs
...a..a... ...cccc... ...c......
..a..a..a. ..cdccccb. ......c...
.a..a..a.. ..cccbccb. ..c.....c.
...a..a... ..cb.b.b.. .....c....
..a..a.... ...b....b. ...c..c...
.a..a..... ...b...... .....c....
""")
LOAVES = variants("""
loaf             baguette         croissant
................ ..........ccc... ................
................ .........cddcb.. ................
................ ........cddccbb. .....ccccb......
....cccccccb.... .......cddcccbb. ...ccddccccb....
..cccddddcccbb.. ......cddcccbb.. ..cddcadccaccb..
.ccdddccccccccb. .....cddcccbb... .cddccadccaccbb.
.cddcccccccccbb. ....cddcccbb.... .cdccacccccaccb.
.cdcccccccccccb. ...cddcccbb..... .ccaac.bbb.caab.
.ccccccccccccbb. ..cddcccbb...... .cccb......bccb.
.cccccccccccbbb. .cddcccbb....... .ccbb.......bcb.
..bcccccbbbbba.. .cdcccbb........ ..cb........bb..
...bbbbbbaaaa... .ccccbb......... ................
................ ..cbbb.......... ................
""")
LOAF_CUTS = variants("""
slashes          cross            wheat
....dc..dc..dc.. .....d......d... .......dc.......
....cb..cb..cb.. ......dc..dc.... .....d.cb.d.....
...dc..dc..dc... ........dc...... ......dcbd......
...cb..cb..cb... ......dc..dc.... .....d.cb.d.....
................ .....d......d... ......dcbd......
................ ................ .......cb.......
""")
BAGUETTE_CUTS = variants("""
slashes          cross            wheat
.........dcc.... .........dc..... ..........d.....
................ ...........d.... ..........dc....
.......dcc...... ................ ........d.......
................ .......d........ ........dc......
.....dcc........ .......dc....... ......d.........
................ ................ ......dc........
...dcc.......... .....d.......... ....d...........
................ .....dc......... ....dc..........
""")
FLOUR = variants("""
seeds            flour            crumbs
...d.....d...... ......ddd....... ..c....c....c...
.......d....d... .....dd......... ....b......b....
..d......d...... .........d..d... ..c....c..c.....
.....d.....d.... ..d...dd........ .....b......c...
...d....d....... ...dd......d.... ...c....b.......
......d....d.... .......d........ .....c.....c....
...d....d....... ....d.....d..... ..b.....c.......
""")
TOAST = """
..cccccccccccb..
.cdggggggggggcb.
.cghhggggggggfb.
.cghgggggggggfb.
..cggggggggggb..
..cgggggggggfb..
..cgggggggggfb..
..cgggggggggfb..
..cgggggggggfb..
..cggggggggffb..
..cgggggggfffb..
..bbbbbbbbbbba..
"""
SPREADS = variants("""
blob       pat        full       drip
..ccccc... .......... .cccccccc. .cccccccc.
.cddcccc.. .......... cddccccccb cddccccccb
.cdcccccb. ..dddddd.. cdcccccccb cdcccccccb
cccccccccb ..dccccc.. cccccccccb cccccccccb
.ccccccccb ..dccccc.. cccccccccb cccccccbcb
.cccccccb. ..bbbbbb.. cccccccccb cbccccb.bb
..cccccb.. .......... ccccccccbb .b.ccb...b
...bbb.... .......... .bbbbbbbb. ....b.....
""")
TOAST_TOPS = variants("""
slices     seeds      berries
.ddd...... ..d....d.. .cb.......
dddcd..... .....d.... cdcb..cb..
dcddc..ddd d......... .bb..cdcb.
.ccc..dddc ...d...d.. ......bb..
......dcdd ......d... ..cb......
..ddd..ccc .d........ .cdcb.cb..
.dddcd.... ....d..d.. ..bb.cdcb.
.dcddc.... .......... ......bb..
""")
PIZZA = """
...ffgggggggf...
.ffghhhggggggfe.
.fghggggggggffe.
.eefccccccccfee.
..dcccccccccca..
..dccccccccccb..
...dccccccccb...
...dccccccccb...
....dccccccb....
....dccccccb....
.....dccccb.....
.....dccccb.....
......dccb......
.......cb.......
"""
PIZZA_TOPS = variants("""
pepperoni    olives       mushrooms    ham
..cc........ ..aa........ ..gg......d. .dd.........
.cdcb...cc.. .a..a...aa.. .ghhg....... .dcc....gg..
.ccbb..cdcb. .a..a..a..a. ..gg...gg... ..b.....gf..
..bb...ccbb. ..aa...a..a. ......ghhg.. ......dd....
....cc..bb.. ....c...aa.. .......gg... ...gg.dcc...
...cdcb..... ....aa...... ...gg....... ...gf..b....
...ccbb..... ...a..a..... ..ghhg...... .....dd.....
....bb...... ...a..a.c... ...gg....... .....dcc....
......cc.... ....aa...... ......g..... ......b.....
.....cdcb... ......aa.... .....ghg.... .....gg.....
.....ccbb... .....a..a... ......g..... .....gf.....
""")
PIZZA_HERBS = variants("""
basil        flakes
......cb.... .c....c.....
.....cb..... ....c.....c.
............ ..c....c....
..cb....cb.. .....c......
.cb....cb... ....c...c...
............ ......c.....
.....cb..... .....c......
....cb...... ......c.....
""")
BUN_TOPS = variants("""
round            tall             flat
................ .....cccccb..... ................
....cccccccb.... ...ccdddcccbb... ................
..ccdddccccccb.. ..cddddccccccb.. ...cccccccccb...
.ccdddccccccccb. .ccddcccccccccb. .ccddddddccccbb.
.cddccccccccccb. .cddccccccccccb. .cddccccccccccb.
.bccccccccccbba. .bccccccccccbba. .bbbccccccbbbba.
""")
BUN_SEEDS = variants("""
sesame           poppy            shine
.....d....d..... ......x...x..... .....dddd.......
.......d....d... ....x...x...x... ...ddd..........
...d.....d...... ..x...x...x..... ...d............
""")
FILLINGS = variants("""
lettuce          cheese           tomato           onion            bacon
.cdcccdcccdcccb. .cdcccccccccccb. .cdddcccccccccb. ..dddwddddwddd.. .cddcbbccdcbbcb.
.b.bcb.bcb.bcb.. .bb.bccb.bbccb.. ..bbbbbb.bbbbb.. ..cc.ccwcc.ccc.. ..bb.cdcb.bcdc..
""")
PATTY = """
.ccccccccccccb.
.cdccccdccccbb.
..bbcbbbbbbaa..
"""
BUN_BASE = """
.cccccccccccccb.
.ccccccccccccbb.
..bbbbbbbbbbaa..
"""
EGG_WHITES = variants("""
round            wavy             runny
.....dddddd..... ...ddd..ddd..... ......ddddd.....
...dddddddddd... ..ddddddddddd... ....ddddddddd...
..dddddddddddc.. .dddddddddddddc. .ddddddddddddd..
..dddddddddddc.. .dddddddddddddc. .ddddddddddddc..
.dddddddddddddc. ..ddddddddddddc. .dddddddddddddc.
.dddddddddddddc. ..dddddddddddc.. ..ddddddddddddc.
.dddddddddddddc. .ddddddddddddcc. ..ddddddddddddc.
..dddddddddddcc. .dddddddddddddc. .dddddddddddddc.
..dddddddddddc.. .cddddddddddddc. .ddddddddddddcc.
...cddddddddcc.. ..cddddcddddcc.. .cdddddddddcc...
.....cccccc..... ...cccc.cccc.... ..ccccddddc.....
................ ................ ......cccc......
""")
YOLKS = variants("""
one              high             two              broken
................ .....cccc....... ................ ................
.....cccc....... ....cddccb...... ...ccc.......... .....cccc.......
....cddccb...... ....cdcccb...... ..cddcb......... ....cddccb......
....cdcccb...... ....ccccbb...... ..cdccb.ccc..... ....cdcccb......
....cccccb...... .....bbbb....... ..ccccbcddcb.... ....ccccccb.....
....ccccbb...... ................ ...bbb.cdccb.... .....bcccccb....
.....bbbb....... ................ .......ccccb.... .......bccb.....
................ ................ ........bbb..... ................
""")
SEASONING = variants("""
pepper           chives           chilli
...a........a... ................ .............c..
......a......... ..c.......c..... ..cc........c...
.a..........a... ...c......c..... ................
................ ............cc.. ..........cc....
...........a..a. ..cc............ ..c.............
..a............. ............c... ...c......c.....
......a....a.... ...c..cc....c... ......cc....c...
""")
SUSHI = variants("""
nigiri           roll
................ ................
................ ....jjjjjj......
................ ..jjggggggjj....
....ccccccccb... .jjgggggggggjj..
..ccddddccccccb. .jgggcccccgggj..
.cdddccccccccbb. .jggcdcccccggjj.
.cddcccccccccbb. .jjgcccccccgjji.
.cccccccccccbba. .jijjcccccjjjii.
.bcchhhhhhhhbba. .jiijjjjjjjjiii.
..hhhhhhhhhhgg.. .jijjjjjjjjiiii.
.hhghhhghhhhggg. .jijjjjjjjjiiii.
.hghhhghhhghggf. .jijjjjjjjjiii..
..ggggggggggff.. ..iijjjjjiiii...
................ ....iiiiiii.....
""")
SUSHI_BANDS = variants("""
band             stripes          roe              sesame
.......cb....... ................ ................ ................
.......cb....... ....d...d...d... .....dc..dc..... .....d...d......
.......bb....... ...d...d...d.... ...dccbdccbdc... ...d...d...d....
.......bb....... ...d...d...d.... ...cb.dccb.cb... .....d...d......
.......bb....... ..d...d...d..... ......cb........ ...d...d........
.......bb....... ................ ................ ................
.......bb....... ................ ................ ................
.......bb....... ................ ................ ................
.......ba....... ................ ................ ................
""")
BOWL = """
...dddddddddd...
.ddffgggggggfdc.
.dfgghhggggggfc.
.cddgggggggghhb.
.cccdddddddddbb.
.cdcccccccccbbb.
..cdccccccccbb..
..ccccccccbbba..
...ccccccbbba...
....bbbbbaaa....
"""
BOWL_BANDS = variants("""
band             dots             zigzag
................ ................ ................
.ccccccccccccbb. ....c..c..c..c.. ..c...c...c...c.
................ .c............b. .c.c.c.c.c.c.b..
................ ...c..c..c..b... ...c...c...b....
""")
SOUP_TOPS = variants("""
noodles          egg              carrots          herbs
...dd..dd..dd... ....wwww........ .....cc......... .....c..c.......
..d..dd..dd..... ...wwddww..bb... ....cccb.cc..... ...c....b..c....
...dd..dd..dd... ....wwww..bb.... ....bb..cccb.... .....bc...b.....
""")
CUPS = variants("""
mug              teacup
..ddddddd....... ................
.dghggggfb...... ..ddddddddd.....
.cdfffffdbccb... .dghhgggggfb....
.ccdddddcb..cb.. .cdfffffffdbcc..
.cdcccccbb...b.. .ccdddddddcb..b.
.cdcccccbb...b.. .cdcccccccbb..b.
.cdcccccbb...b.. .cdccccccbbbbb..
.cccccccbb...b.. ..cccccccbb.....
.ccccccbbb..bb.. ...bbbbbba......
.bcccccbbabbb... .dddddddddddcb..
..bbbbbaa....... ...bbbbbbbb.....
""")
CUP_MARKS = variants("""
bands     heart     dots      zigzag
ccccccccb ......... ......... .........
......... ..cc.cc.. .c...c... ...c...c.
ccccccccb ..ccccb.. ...c...c. c.c.c.c.b
......... ...ccb... .c...c... .c...b...
......... ....b.... ......... .........
""")

# ---- sweets ----

PAPER_CUP = """
..dcbdcbdcbdcb..
..dcbdcbdcbdcb..
...dcbdcbdcbb...
...dcbdcbdcbb...
...dcbdcbdcba...
"""
FROSTINGS = variants("""
swirl            dome             peaks
.......cb....... ................ ................
......dccb...... ................ .......cb.......
.....cdccbb..... .....ccccbb..... ......cdcb......
....bccbbbba.... ...ccddccccbb... ..cb.cdccb.cb...
...cddccccccb... ..cddcccccccbb.. .cdcbcdcccbdcb..
..cddcccccccbb.. .cddccccccccbbb. .cdccbccccbdccb.
.cdccccccccccbb. .cdccccccccccbb. .cdcccccccccccb.
.bccbbccbbccbba. .bccbcccbccbbba. .bccbbccbbccbba.
""")
CUPCAKE_TOPS = variants("""
cherry  candle  heart   wafer
..cc... ...d... cc.cc.. ...ccb.
.cdcb.. ...d... cdccb.. ..ccb..
.cccb.. ..ccb.. .ccb... ..cb...
..bb... ..cdb.. ..b.... .ccb...
....... ..ccb.. ....... .cb....
""")
CAKE_SIDE = """
.cccccccccccccb.
.cdccccdccccccb.
.ccccccccccdccb.
.cccdcccccccccb.
.cccccccdcccccb.
.bbbbbbbbbbbbba.
"""
CAKE_ICING = variants("""
drips            smooth           thick
..........ddd... ..........ddd... ..........ddd...
.......ddddddb.. .......ddddddb.. .......ddddddb..
.....ddddddddb.. .....ddddddddb.. .....ddddddddb..
...ddddddddddcb. ...ddddddddddcb. ...ddddddddddcb.
.dddddddddddddb. .dddddddddddddb. .dddddddddddddb.
.ccccccccccccbb. .ccccccccccccbb. .ccccccccccccbb.
.cc.ccc.cc.ccbb. .............bb. .ccccccccccccbb.
.b...cb.b...bbb. .............bb. .bbbbbbbbbbbbbb.
.....b.......bb. .............bb. .............bb.
.............bb. .............bb. .............bb.
.............ba. .............ba. .............ba.
""")
CAKE_FILLINGS = variants("""
single       double       chunks
............ ............ ............
............ cccccccccccb ............
cccccccccccb ............ .cb..cb..cb.
bbbbbbbbbbbb cccccccccccb cccccccccccb
............ bbbbbbbbbbbb ............
""")
CAKE_TOPS = variants("""
strawberry cherry candle cream
..ef...... ..e... ..d... ......
.cecb..... ..e... ..g... ..dd..
cdccb..... .ccb.. .ccb.. .ddcc.
.ccb...... cdccb. .gfb.. .dcccc
..b....... .bbb.. .ccb.. cccccb
""")
CONE = """
...ddddccccbb...
....dcbdcbdb....
....cbdcbdcb....
.....bdcbda.....
.....dcbdca.....
......bdcb......
.......ca.......
"""
SCOOPS = variants("""
single           double           swirl
................ .....cccccb..... .......cb.......
.....ccccbb..... ....cddccccb.... ......cdcb......
....cddccccb.... ...cddcccccbb... .....cdccb......
...cddccccccb... ...cdccccccbb... .....bcccbb.....
..cddccccccccb.. ...bccbccbbba... ....ghffffgf....
..cdcccccccccb.. ..ghhfggfgfgff.. ....hhgggggf....
..ccccccccccbb.. ..ghggggggggff.. ...ccbbbbbccb...
...bccbcccbbb... ..ggfgggfggfff.. ..cddccccccbbb..
....b..bb..b.... ....f..f..f..... ..bccccccccbba..
""")
ICE_CREAM_TOPS = variants("""
cherry    wafer     sticks    leaf
......... .....ccb. ...cb.cb. .....cc..
...cc.... ....cdcb. ..ccb.cb. .cc.cdb..
..cdcb... ...cdcb.. ..cb.ccb. .cdccb...
..cccb... ..cdcb... .ccb.cb.. ..cbb....
...bb.... ..ccb.... .cb.ccb.. .........
""")
SAUCES = variants("""
drizzle          cap              ripple
................ .....ccccb...... ................
......cccc...... ....cddccccb.... ......cc........
....cdccccb..... ...cdccccccbb... ....cc..cc......
...ccbccbccb.... ...cccbcccbbb... ...c......cc....
...c..cb..cb.... ...cb..cb..b.... .....ccc....c...
......b......... ................ ...cc...ccc.....
""")
DOUGHNUT = """
....cccccccc....
..ccddddccccbb..
..cddccccccccb..
.cddccccccccccb.
.cdcccc..ccccbb.
.cdccc....cccbb.
.cdccc....cccbb.
.cccccc..ccccbb.
.ccccccccccccbb.
..ccccccccccbb..
..bccccccccbba..
....bbbbbbaa....
"""
GLAZES = variants("""
wavy             smooth           drizzle
................ ................ ................
....cddddccc.... ....cddddccc.... ................
...cddccccccc... ...cddccccccc... ....cc..cc..c...
..cddccccccccb.. ..cddccccccccb.. ..ccb.ccb.ccb...
..cdccccccccbb.. ..cdccccccccbb.. ..b..cb.ccb.cb..
..cdccccccccbb.. ..cdccccccccbb.. ...cc..cb..cb...
..cccccccccccb.. ..cccccccccccb.. ..cb.ccb..cb.c..
..ccccccccccbb.. ..cccccccccccb.. ..b.cb..cc..cb..
..cbccccccbccb.. ..cccccccccccb.. ...cb.ccb.ccb...
...b.bccbb.bb... ...ccccccccbb... ...b.cb..cb.b...
......bb........ ....bbbbbbbb.... ................
""")
COOKIES = variants("""
round            heart            star
.....ccccc...... ................ .......cb.......
...ccddddccbb... ..cccc..cccb.... ......cdcb......
..cddcccccccbb.. .cddccccccccbb.. ......cdcb......
.cddcccccccccb.. .cdccccccccccb.. .ccccccdccccccb.
.cdcccccccccccb. .cdccccccccccb.. .cddccccccccccb.
.cdcccccccccccb. .ccccccccccccb.. ..cdccccccccbb..
.ccccccccccccbb. ..cccccccccbb... ...ccccccccbb...
.ccccccccccccbb. ...cccccccbb.... ...cdcccccccb...
..ccccccccccbb.. ....cccccbb..... ..cdccccccccbb..
..bcccccccbbba.. .....cccbb...... ..cdccccbccccb..
...bbccbbbaaa... ......cbb....... ..cccbb..bcccb..
.....bbaaa...... .......b........ ..bb......bbba..
""")
CHIPS = variants("""
chunks           drops            buttons
................ ................ ................
......cb........ ......c.c....... ......cc........
......bb........ ....b.....b..... ......cb........
..........cb.... .......c........ ...cc...cc......
....cb....bb.... ....c....c.c.... ...cb...cb......
....bb.cb....... ......b......... ................
.......bb..cb... ...c.....c...... ......cc..cc....
.....cb....bb... ......c....b.... ......cb..cb....
.....bb..cb..... ........c....... ................
.........bb..... .....b.....c.... .....cc.cc......
""")

SIDE_COLOURS = {"tomato": "red", "olive": "forest", "leaf": "green"}
FILLING_COLOURS = {"lettuce": "lime", "cheese": "yellow", "tomato": "red", "onion": "rose", "bacon": "crimson"}
CAKE_TOP_COLOURS = {"strawberry": "red", "cherry": "crimson", "candle": "cyan", "cream": "white"}
ICE_CREAM_TOP_COLOURS = {"cherry": "red", "wafer": "tan", "sticks": "chestnut", "leaf": "green"}
MELON_BITES = {
    "half": {"left": (3, 3), "right": (3, 8)},
    "wedge": {"left": (4, 2), "right": (6, 9)},
    "round": {"left": (0, 4), "right": (1, 8)},
}

# ---- how each kind is put together ----


def apple(canvas, skin, mark, leaf, leaf_colour, bites):
    canvas.paste(APPLE_BODY, skin[0], at=(4, 0))
    canvas.paste_inside(APPLE_MARKS[mark], skin[1], at=(6, 5))
    if bites == "one":
        bite(canvas, (5, 10), "sand")
    canvas.paste(LEAVES[leaf], leaf_colour, at=(1, 9))
    canvas.outline()
    canvas.paste(APPLE_STEM, "brown", at=(1, 6))


def pear(canvas, skin, mark, leaf, leaf_colour, bites):
    canvas.paste(PEAR_BODY, skin[0], at=(2, 0))
    canvas.paste_inside(APPLE_MARKS[mark], skin[1], at=(8, 4))
    if bites == "one":
        bite(canvas, (6, 9), "sand")
    canvas.paste(LEAVES[leaf], leaf_colour, at=(1, 9))
    canvas.outline()
    canvas.paste("b\nb\na", "brown", at=(0, 8))


def cherries(canvas, number, flesh, second, leaf, leaf_colour, stem):
    canvas.paste(LEAVES[leaf], leaf_colour, at=(1, 9))
    canvas.outline()
    for i, at in enumerate(CHERRY_SPOTS[number]):
        canvas.paste(CHERRY, flesh if i else second, at=at)
    canvas.paste(CHERRY_STEMS[number], stem)


def grapes(canvas, bunch, berry, vine, leaf, leaf_colour, shadow):
    spots = BUNCHES[bunch]
    for i, at in enumerate(spots):
        late = {"none": False, "tip": i >= len(spots) - 2, "mixed": i % 3 == 1}[shadow]
        canvas.paste(BERRY, berry[1] if late else berry[0], at=at)
    canvas.paste(LEAVES[leaf], leaf_colour, at=(2, 3))
    canvas.outline()
    canvas.paste(VINES[vine], "brown")


def strawberry(canvas, flesh, seeds, cap, cap_colour, dip, dip_colour):
    canvas.paste(STRAWBERRY_BODY, flesh, at=(4, 0))
    canvas.paste_inside(SEEDS[seeds], "sand", at=(6, 0))
    canvas.paste_inside(DIPS[dip], dip_colour, at=(10 if dip == "low" else 7, 0))
    canvas.paste(STRAWBERRY_CAPS[cap], cap_colour)
    canvas.outline()


def banana(canvas, shape, peel, flesh, ends, spots, spot_colour):
    canvas.paste(BANANAS[shape], peel, flesh, ends, at=(1, 0))
    canvas.paste_inside(BANANA_SPOTS[spots], spot_colour, at=(5, 0))
    canvas.outline()


def watermelon(canvas, cut, flesh, rind, seeds, bites):
    canvas.paste(MELONS[cut], flesh, rind)
    canvas.paste(MELON_SEEDS[seeds], at=(5, 0))
    if bites != "none":
        canvas.erase(MELON_BITE, at=MELON_BITES[cut][bites])
    canvas.outline()


def carrot(canvas, shape, root, rings, top, top_colour):
    canvas.paste(CARROTS[shape], root, at=(3, 0))
    canvas.paste_inside(CARROT_RINGS[rings], root, at=(5, 0))
    canvas.paste(CARROT_TOPS[top], top_colour, at=(1, 2 if shape == "straight" else 4))
    canvas.outline()


def cheese(canvas, shape, paste, holes, rind, wax, side, plate):
    canvas.paste(CHEESES[shape], paste, at=(3, 0))
    canvas.paste_inside(CHEESE_HOLES[holes], paste, at=(3, 0))
    if shape == "wedge" or rind == "base":
        canvas.paste_inside(CHEESE_RINDS[rind], wax, at=(3, 0))
    if plate != "none":
        canvas.paste(PLATE, plate, at=(13, 0))
    canvas.paste(CHEESE_SIDES[side], SIDE_COLOURS.get(side), at=(2, 2))
    canvas.outline()


def fish(canvas, state, scales, belly, fins, marks, plate):
    canvas.paste(FISH[state], scales, (*RAMPS[fins][:3], RAMPS[belly][3]), at=(2, 0))
    if state == "whole":
        canvas.paste_inside(FISH_MARKS[marks], scales, at=(4, 1))
    if plate != "none":
        canvas.paste(PLATE, plate, at=(13, 0))
    canvas.outline()


def meat(canvas, cut, flesh, bone, marks, sauce, bites):
    canvas.paste(MEATS[cut], flesh, bone, at=(2 if cut == "leg" else 3, 0))
    place = (5, 2) if cut == "leg" else (6, 4)
    canvas.paste_inside(MEAT_MARKS[marks], "umber" if marks == "grill" else sauce, at=place)
    if bites == "one":
        bite(canvas, (2, 8) if cut == "leg" else (4, 10), "rose")
    canvas.outline()


def bread(canvas, shape, crust, cuts, cut_colour, topping, topping_colour):
    canvas.paste(LOAVES[shape], crust, at=(1, 0))
    if shape == "loaf":
        canvas.paste_inside(LOAF_CUTS[cuts], cut_colour, at=(5, 0))
    if shape == "baguette":
        canvas.paste_inside(BAGUETTE_CUTS[cuts], cut_colour, at=(3, 0))
    canvas.paste_inside(FLOUR[topping], topping_colour, at=(5, 0))
    canvas.outline()


def toast(canvas, crust, spread, spread_colour, topping, topping_colour, bites):
    canvas.paste(TOAST, crust, "sand", at=(2, 0))
    canvas.paste(SPREADS[spread], spread_colour, at=(4, 3))
    canvas.paste(TOAST_TOPS[topping], topping_colour, at=(4, 3))
    if bites == "one":
        bite(canvas, (1, 9), "sand")
    canvas.outline()


def pizza(canvas, cheese_colour, crust, topping, herbs, herb_colour):
    canvas.paste(PIZZA, cheese_colour, crust, at=(1, 0))
    canvas.paste_inside(PIZZA_HERBS[herbs], herb_colour, at=(4, 2))
    canvas.paste_inside(PIZZA_TOPS[topping[0]], topping[1], "sand", at=(4, 2))
    canvas.outline()


def burger(canvas, bun, bun_colour, seeds, upper, middle, patty):
    canvas.paste(BUN_BASE, bun_colour, at=(12, 0))
    canvas.paste(PATTY, patty, at=(9, 0))
    canvas.paste(FILLINGS[middle], FILLING_COLOURS[middle], at=(8, 0))
    canvas.paste(FILLINGS[upper], FILLING_COLOURS[upper], at=(7, 0))
    canvas.paste(BUN_TOPS[bun], bun_colour, at=(1, 0))
    canvas.paste_inside(BUN_SEEDS[seeds], bun_colour if seeds == "shine" else "sand", at=(3, 0))
    canvas.outline()


def egg(canvas, white, yolk, yolk_colour, seasoning, seasoning_colour, base):
    canvas.paste(EGG_WHITES[white], base, at=(2, 0))
    canvas.paste_inside(SEASONING[seasoning], seasoning_colour, at=(4, 0))
    canvas.paste(YOLKS[yolk], yolk_colour, at=(3, 1))
    canvas.outline()


def sushi(canvas, shape, topping, rice, nori, extra, extra_colour, plate):
    canvas.paste(SUSHI[shape], topping, rice, nori, at=(0, 0))
    if shape == "nigiri":
        canvas.paste_inside(SUSHI_BANDS[extra], nori if extra == "band" else extra_colour, at=(3, 0))
    if plate != "none":
        canvas.paste(PLATE, plate, at=(13, 0))
    canvas.outline()


def soup(canvas, bowl, band, band_colour, broth, topping, topping_colour, steam):
    canvas.paste(BOWL, bowl, broth, at=(5, 0))
    canvas.paste_inside(SOUP_TOPS[topping], topping_colour, at=(6, 0))
    canvas.paste_inside(BOWL_BANDS[band], band_colour, at=(9, 0))
    canvas.outline()
    canvas.paste(STEAM[steam], "grey", at=(0, 2))


def mug(canvas, shape, cup, mark, mark_colour, drink, steam):
    left = 1 if shape == "mug" else 0
    canvas.paste(CUPS[shape], cup, drink, at=(4, left))
    canvas.paste_inside(CUP_MARKS[mark], mark_colour, at=(8, left + 1))
    canvas.outline()
    canvas.paste(STEAM[steam], "grey", at=(-1, 1))


def cupcake(canvas, frosting, icing, paper, topping, topping_colour, sprinkles, sprinkle_colours):
    canvas.paste(FROSTINGS[frosting], icing, at=(2, 0))
    sprinkle(canvas, sprinkles, sprinkle_colours, at=(4, 0))
    canvas.paste(CUPCAKE_TOPS[topping], topping_colour, at=(1, 5))
    canvas.paste(PAPER_CUP, paper, at=(10, 0))
    canvas.outline()


def cake(canvas, sponge, icing, style, filling, filling_colour, topping):
    canvas.paste(CAKE_SIDE, sponge, at=(8, 0))
    canvas.paste(CAKE_FILLINGS[filling], filling_colour, at=(9, 1))
    canvas.paste(CAKE_ICING[style], icing, at=(3, 0))
    canvas.paste(CAKE_TOPS[topping], CAKE_TOP_COLOURS.get(topping), "amber", at=(2, 5))
    canvas.outline()


def ice_cream(canvas, shape, first, second, cone, sauce, sauce_colour, topping):
    if topping != "cherry":
        canvas.paste(ICE_CREAM_TOPS[topping], ICE_CREAM_TOP_COLOURS.get(topping), at=(1, 7))
    canvas.paste(CONE, cone, at=(8, 0))
    canvas.paste(SCOOPS[shape], first, second, at=(1, 0))
    canvas.paste_inside(SAUCES[sauce], sauce_colour, at=(1, 0))
    if topping == "cherry":
        canvas.paste(ICE_CREAM_TOPS[topping], "red", at=(0, 4))
    canvas.outline()


def doughnut(canvas, dough, glaze, glaze_colour, sprinkles, sprinkle_colours, bites):
    canvas.paste(DOUGHNUT, dough, at=(2, 0))
    canvas.paste_inside(GLAZES[glaze], glaze_colour, at=(2, 0))
    sprinkle(canvas, sprinkles, sprinkle_colours, at=(2, 0))
    if bites == "one":
        bite(canvas, (3, 11), "sand")
    canvas.outline()


def cookie(canvas, shape, dough, chips, chip_colour, bites):
    canvas.paste(COOKIES[shape], dough, at=(2, 0))
    canvas.paste_inside(CHIPS[chips], chip_colour, at=(3, 0))
    if bites == "one":
        bite(canvas, (2, 10), "tan")
    canvas.outline()


GREENS = ["green", "lime", "forest"]
ORCHARD = [("red", "amber"), ("crimson", "orange"), ("green", "lime"), ("lime", "yellow"), ("lime", "rose")]
ORCHARD += [("yellow", "orange"), ("amber", "red"), ("rose", "pink"), ("green", "orange"), ("red", "crimson")]
PEARS = [("lime", "yellow"), ("lime", "orange"), ("green", "lime"), ("green", "orange"), ("yellow", "orange")]
PEARS += [("yellow", "rose"), ("amber", "red"), ("amber", "lime"), ("ginger", "crimson"), ("rose", "red")]
PEARS += [("gold", "ginger"), ("blond", "lime")]
VINEYARD = [("purple", "magenta"), ("indigo", "purple"), ("lime", "yellow"), ("green", "lime"), ("crimson", "magenta")]
VINEYARD += [("navy", "indigo"), ("magenta", "pink"), ("purple", "navy"), ("teal", "cyan"), ("forest", "green")]
CHERRY_COLOURS = ["red", "crimson", "rose", "magenta", "pink", "purple"]
PIZZAS = [("pepperoni", "red"), ("pepperoni", "crimson"), ("olives", "black"), ("olives", "forest")]
PIZZAS += [("mushrooms", "tan"), ("ham", "rose"), ("ham", "pink"), ("olives", "purple")]
PLATES = ["none", "white", "cyan", "pink", "sand"]
BITES = ["none", "one"]
ICINGS = ["pink", "white", "rose", "umber", "cyan", "lime", "purple", "blond"]

KINDS = {
    "apple": Kind(
        apple,
        skin=ORCHARD,
        mark=["none", *APPLE_MARKS],
        leaf=["none", *LEAVES],
        leaf_colour=GREENS,
        bites=BITES,
        ink=WARM_INKS,
    ),
    "pear": Kind(
        pear,
        skin=PEARS,
        mark=["none", *APPLE_MARKS],
        leaf=["none", *LEAVES],
        leaf_colour=GREENS,
        bites=BITES,
        ink=WARM_INKS,
    ),
    "cherries": Kind(
        cherries,
        number=list(CHERRY_SPOTS),
        flesh=CHERRY_COLOURS,
        second=CHERRY_COLOURS,
        leaf=["none", "small", "long"],
        leaf_colour=GREENS,
        stem=["forest", "lime", "brown"],
        ink=PLUM_INKS,
    ),
    "grapes": Kind(
        grapes,
        bunch=list(BUNCHES),
        berry=VINEYARD,
        vine=list(VINES),
        leaf=["none", "small", "pair"],
        leaf_colour=GREENS,
        shadow=["none", "tip", "mixed"],
        ink=PLUM_INKS,
    ),
    "strawberry": Kind(
        strawberry,
        flesh=["red", "crimson", "pink", "rose", "orange"],
        seeds=list(SEEDS),
        cap=list(STRAWBERRY_CAPS),
        cap_colour=GREENS,
        dip=["none", *DIPS],
        dip_colour=["umber", "chestnut", "white", "pink"],
        ink=WARM_PLUM_INKS,
    ),
    "banana": Kind(
        banana,
        shape=list(BANANAS),
        peel=["yellow", "amber", "blond", "lime", "gold"],
        flesh=["sand", "white", "blond"],
        ends=["brown", "umber", "forest"],
        spots=["none", *BANANA_SPOTS],
        spot_colour=["brown", "chestnut", "tan", "ginger", "black"],
        ink=["night", "umber", "moss", "plum"],
    ),
    "watermelon": Kind(
        watermelon,
        cut=list(MELONS),
        flesh=["red", "crimson", "pink", "rose", "orange", "yellow"],
        rind=["green", "forest", "lime"],
        seeds=["none", *MELON_SEEDS],
        bites=["none", "left", "right"],
        ink=MOSS_INKS,
    ),
    "carrot": Kind(
        carrot,
        shape=list(CARROTS),
        root=["orange", "ginger", "copper", "amber", "gold"],
        rings=["none", *CARROT_RINGS],
        top=list(CARROT_TOPS),
        top_colour=GREENS,
        ink=["night", "umber", "moss"],
    ),
    "cheese": Kind(
        cheese,
        shape=list(CHEESES),
        paste=["amber", "yellow", "blond", "gold", "orange"],
        holes=["none", *CHEESE_HOLES],
        rind=["none", *CHEESE_RINDS],
        wax=["red", "forest", "brown", "navy"],
        side=["none", *CHEESE_SIDES],
        plate=["none", "white", "cyan", "tan"],
        ink=WARM_INKS,
    ),
    "fish": Kind(
        fish,
        state=list(FISH),
        scales=["steel", "cyan", "rose", "orange", "teal", "blue", "amber", "mithril"],
        belly=["sand", "white"],
        fins=["orange", "red", "navy", "teal", "gold", "purple"],
        marks=["none", *FISH_MARKS],
        plate=PLATES,
        ink=COLD_INKS,
    ),
    "meat": Kind(
        meat,
        cut=list(MEATS),
        flesh=["chestnut", "ginger", "copper", "bronze", "rose", "brown"],
        bone=["white", "sand", "porcelain"],
        marks=["none", *MEAT_MARKS],
        sauce=["crimson", "gold", "umber", "amber"],
        bites=BITES,
        ink=WARM_PLUM_INKS,
    ),
    "bread": Kind(
        bread,
        shape=list(LOAVES),
        crust=["chestnut", "ginger", "bronze", "tan", "gold", "brown"],
        cuts=["none", *BAGUETTE_CUTS],
        cut_colour=["sand", "blond", "tan"],
        topping=["none", *FLOUR],
        topping_colour=["sand", "white", "umber", "blond"],
        ink=WARM_INKS,
    ),
    "toast": Kind(
        toast,
        crust=["chestnut", "ginger", "brown", "bronze"],
        spread=["none", *SPREADS],
        spread_colour=["crimson", "yellow", "lime", "purple", "umber", "orange"],
        topping=["none", *TOAST_TOPS],
        topping_colour=["red", "blond", "navy", "green"],
        bites=BITES,
        ink=WARM_INKS,
    ),
    "pizza": Kind(
        pizza,
        cheese_colour=["amber", "yellow", "blond", "gold"],
        crust=["ginger", "bronze", "tan", "chestnut"],
        topping=PIZZAS,
        herbs=["none", *PIZZA_HERBS],
        herb_colour=["green", "red", "forest"],
        ink=WARM_PLUM_INKS,
    ),
    "burger": Kind(
        burger,
        bun=list(BUN_TOPS),
        bun_colour=["ginger", "bronze", "tan", "gold", "chestnut"],
        seeds=["none", *BUN_SEEDS],
        upper=list(FILLINGS),
        middle=list(FILLINGS),
        patty=["umber", "chestnut", "brown"],
        ink=WARM_INKS,
    ),
    "egg": Kind(
        egg,
        white=list(EGG_WHITES),
        yolk=list(YOLKS),
        yolk_colour=["amber", "orange", "yellow", "gold"],
        seasoning=["none", *SEASONING],
        seasoning_colour=["green", "red", "brown", "lime"],
        base=["white", "sand"],
        ink=WARM_COLD_INKS,
    ),
    "sushi": Kind(
        sushi,
        shape=list(SUSHI),
        topping=["orange", "red", "pink", "yellow", "rose", "lime"],
        rice=["white", "sand"],
        nori=["forest", "black", "navy"],
        extra=["none", *SUSHI_BANDS],
        extra_colour=["white", "amber", "red"],
        plate=["none", "cyan", "pink", "tan", "red"],
        ink=MOSS_INKS,
    ),
    "soup": Kind(
        soup,
        bowl=["white", "blue", "red", "brown", "teal", "black"],
        band=["none", *BOWL_BANDS],
        band_colour=["red", "gold", "cyan", "white"],
        broth=["orange", "green", "amber", "chestnut", "crimson", "blond"],
        topping=["none", *SOUP_TOPS],
        topping_colour=["yellow", "orange", "green", "forest"],
        steam=["none", *STEAM],
        ink=WARM_COLD_INKS,
    ),
    "mug": Kind(
        mug,
        shape=list(CUPS),
        cup=["white", "red", "blue", "teal", "amber", "pink", "purple", "grey"],
        mark=["none", *CUP_MARKS],
        mark_colour=["crimson", "white", "navy", "yellow"],
        drink=["brown", "ginger", "lime", "umber"],
        steam=["none", *STEAM],
        ink=WARM_COLD_INKS,
    ),
    "cupcake": Kind(
        cupcake,
        frosting=list(FROSTINGS),
        icing=ICINGS,
        paper=["red", "blue", "teal", "tan", "purple", "white", "chestnut"],
        topping=["none", *CUPCAKE_TOPS],
        topping_colour=["red", "amber", "magenta"],
        sprinkles=["none", *SPRINKLES],
        sprinkle_colours=list(SPRINKLE_COLOURS),
        ink=WARM_PLUM_INKS,
    ),
    "cake": Kind(
        cake,
        sponge=["blond", "tan", "brown", "rose", "chestnut"],
        icing=["white", "pink", "umber", "cyan", "purple", "rose"],
        style=list(CAKE_ICING),
        filling=["none", *CAKE_FILLINGS],
        filling_colour=["crimson", "white", "magenta", "umber"],
        topping=["none", *CAKE_TOPS],
        ink=WARM_PLUM_INKS,
    ),
    "ice_cream": Kind(
        ice_cream,
        shape=list(SCOOPS),
        first=ICINGS,
        second=["pink", "blond", "umber", "lime", "cyan", "orange"],
        cone=["tan", "ginger", "bronze", "gold"],
        sauce=["none", *SAUCES],
        sauce_colour=["umber", "crimson", "amber"],
        topping=["none", *ICE_CREAM_TOPS],
        ink=WARM_PLUM_INKS,
    ),
    "doughnut": Kind(
        doughnut,
        dough=["ginger", "tan", "bronze", "brown"],
        glaze=list(GLAZES),
        glaze_colour=ICINGS,
        sprinkles=["none", *SPRINKLES],
        sprinkle_colours=list(SPRINKLE_COLOURS),
        bites=BITES,
        ink=WARM_PLUM_INKS,
    ),
    "cookie": Kind(
        cookie,
        shape=list(COOKIES),
        dough=["tan", "ginger", "bronze", "brown", "blond"],
        chips=["none", *CHIPS],
        chip_colour=["umber", "red", "white", "pink"],
        bites=BITES,
        ink=WARM_PLUM_INKS,
    ),
}
