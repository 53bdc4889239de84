"""Non-heroes: slimes, beasts, flying things and other monsters, most of them seen from the front."""

from .pixels import COLD_PLUM_INKS, MOSS_INKS, PLUM_INKS, WARM_INKS, Kind, variants

# ---------------------------------------------------------------- faces, 8 wide

EYES = variants("""
beady     round     angry     sleepy    happy     hollow    one
........  .ww..ww.  x......x  ........  ........  .xx..xx.  ..wwww..
.wx..wx.  .wx..xw.  .xx..xx.  xxx..xxx  .x....x.  .xx..xx.  ..wxxw..
.xx..xx.  .wx..xw.  .wx..xw.  .xx..xx.  x.x..x.x  .xx..xx.  ..wxxw..
........  ........  ........  ........  ........  ........  ...ww...
""")
MOUTHS = variants("""
smile     open      round     fangs     nip       frown     cat
..x..x..  ..xxxx..  ...xx...  .xxxxxx.  ..xxxx..  ...xx...  .x.xx.x.
...xx...  ..xbcx..  ...xx...  ..w..w..  ..w..w..  ..x..x..  ..x..x..
........  ...xx...  ........  ........  ........  ........  ........
""")


def face(canvas, eyes, mouth, row, gap=3):
    """Eyes at `row`, a mouth `gap` rows below."""
    canvas.paste(MOUTHS[mouth], "red", at=(row + gap, 4))
    canvas.paste(EYES[eyes], at=(row, 4))


BAT_WINGS = variants("""
up     wide   down
cc...  .....  .....
.cc..  ...cc  ..ccc
cbbc.  .ccbb  .cbbb
cbbbc  cbbbb  cbbab
bbbbc  cbabb  cbbab
babbb  babbb  cbabb
.bbab  ba.bb  bbabb
.b.bb  b..b.  bab.b
...b.  .....  b.b..
""")
HORNS = variants("""
short  curved
.c..   d...
ccc.   dc..
bbb.   cccb
....   .bbb
""")

# ---------------------------------------------------------------- slime

SLIMES = variants("""
dome              drop              cube              drip
.....cccccb.....  ........cc......  ...dddddddddc...  ......cccc......
...cccccccccb...  .......ccc......  ..ddccccccccbb..  ....cccccccb....
..ccddccccccbb..  ......cccb......  ..dcddccccccbb..  ...cddccccccb...
..cddcccccccbb..  .....cccccb.....  ..dcdcccccccbb..  ...cdcccccccb...
.ccdccccccccbbb.  ....ccccccbb....  ..dcccccccccbb..  ..ccccccccccbb..
.ccccccccccccbb.  ...cddcccccbb...  ..dcccccccccbb..  ..ccccccccccbb..
.ccccccccccccbb.  ..ccdccccccccb..  ..dcccccccccbb..  .cccccccccccbbb.
.bcccccccccccba.  ..cccccccccccb..  ..dcccccccccbb..  .cccccccccccbbb.
.bbcccccccbbbba.  ..ccccccccccbb..  ..ccccccccccbb..  .cbcccbcccbbbba.
..abbbbbbbbbaa..  ..cccccccccbbb..  ..cccccccccbba..  .b.ccb.bccb.bba.
................  ..bccccccccbba..  ..bbbbbbbbbbba..  ...bb...bb...a..
................  ...bbbcccbbba...  ...aaaaaaaaaa...  ................
................  ....abbbbbaa....  ................  ................
""")
SLIME_ROWS = {"dome": 5, "drop": 2, "cube": 3, "drip": 4}
HORN_ROWS = {"dome": 3, "drop": 4, "cube": 1, "drip": 2}
SLIME_TOPS = variants("""
sprout    antennae
.cc..cc.  .c....c.
cdcbbdcc  .b....b.
.bbbcbb.  ..b..b..
....b...  ..b..b..
....b...  ........
""")
BUBBLES = """
..........d.
.d..........
...........d
............
............
.d..........
..........d.
"""
CROWN = """
c.cc.c
cccccb
cdccbb
"""


def slime(canvas, shape, jelly, eyes, mouth, top, inside):
    row = SLIME_ROWS[shape]
    if top in HORNS:
        canvas.pair(HORNS[top], "sand", at=(HORN_ROWS[shape], 2))
    canvas.paste(SLIMES[shape], jelly, at=(row, 0))
    if inside == "bubbles":
        canvas.paste(BUBBLES, jelly, at=(7, 2))
    if top == "sprout":
        canvas.paste(SLIME_TOPS[top], "green", at=(max(row - 4, 1), 4))
    elif top == "antennae":
        canvas.paste(SLIME_TOPS[top], jelly, at=(max(row - 3, 1), 4))
    canvas.outline()
    if top == "crown":
        canvas.stamp(CROWN, "gold", at=(max(row - 2, 2), 5))
    face(canvas, eyes, mouth, 8 if shape != "cube" else 7, 4 if eyes == "one" else 3)


# ---------------------------------------------------------------- bat

BAT_BODIES = variants("""
tall-ears  tuft    round-ears
c....b     ..cb..  cc..cb
cc..cb     c.cc.b  cc..cb
cccccb     cccccb  .cccb.
cccccb     cdcccb  cccccb
cccccb     cccccb  cccccb
cccccb     cccccb  cccccb
cccccb     cccccb  cccccb
ccccbb     ccccbb  ccccbb
bcccba     bcccba  .bcba.
.b..a.     .b..a.  .b..a.
""")
BAT_EYES = variants("""
slanted  round   narrow
d....d   dd..dd  ......
dd..dd   dx..xd  dd..dd
""")


def bat(canvas, fur, wings, wing_skin, ears, eyes, glow, belly):
    canvas.pair(BAT_WINGS[wings], wing_skin, at=(5, 1))
    canvas.outline()
    canvas.stamp(BAT_BODIES[ears], fur, at=(3, 5))
    if belly != "none":
        canvas.paste("ccb\n.b.", belly, at=(10, 6))
    canvas.paste(BAT_EYES[eyes], glow, at=(6, 5))
    canvas.paste(".xx.\nw..w", at=(8, 6))


# ---------------------------------------------------------------- ghost

GHOST_TOP = """
...dddc...
.ddddcccb.
.dddccccb.
dddccccccb
dddccccccb
dddccccccb
ddcccccccb
ddcccccccb
"""
GHOST_TAILS = variants("""
wavy        wisp        ragged
ddcccccccb  ddcccccccb  ddcccccccb
ddccccccbb  .dccccccbb  dccccccccb
dcccccccbb  ..cccccbb.  dccccccbbb
dcc.cb.bbb  ...cccbb.b  dc.cccb.bb
.c..cb..b.  ....bbbbb.  c...cb...b
""")
GHOST_ARMS = variants("""
up   low
d..  .dc
ddc  dd.
.dc  c..
""")
BOW = """
cc..cb
cccbbb
cc..bb
"""
CAP = """
....cccb..
..ccccccb.
.ccccccbbb
.hhhhhhg.g
"""
GHOST_TOPS = {"bow": (BOW, (1, 8)), "crown": (CROWN, (1, 5)), "cap": (CAP, (1, 3))}


def ghost(canvas, cloth, tail, arms, eyes, mouth, top, dye):
    canvas.pair(GHOST_ARMS[arms], cloth, at=(7 if arms == "up" else 9, 1))
    if top == "horns":
        canvas.pair(HORNS["short"], dye, at=(1, 3))
    canvas.paste(GHOST_TOP, cloth, at=(2, 3))
    canvas.paste(GHOST_TAILS[tail], cloth, at=(10, 3))
    canvas.outline()
    if top in GHOST_TOPS:
        part, at = GHOST_TOPS[top]
        canvas.stamp(part, dye, "white", at=at)
    face(canvas, eyes, mouth, 5)


# ---------------------------------------------------------------- spider

SPIDER_LEGS = variants("""
arched    spread    raised
........  ..b.....  b..b....
.bb.....  ...b....  b..b....
b..b....  ...b....  .b..b...
b...b...  b...b...  .b...b..
.bb..b..  .bb..b..  ..b..b..
b..b..bb  ...b..bb  ..bb..bb
b...b.bb  ....b.bb  ....bbbb
.....bbb  .bbbbbbb  ...bbbbb
..bbb.bb  b....bbb  .bb..bb.
.b...bb.  ...bb.b.  b..bb...
.b.bb...  ..b..bb.  b.b.....
b..b....  .b...b..  b.b.....
..b.....  .b..b...  ........
""")
SPIDER = variants("""
abdomen   head
..cccb..  .cccb.
.cddccb.  cccccb
ccdccccb  cccccb
cccccccb  bcccba
ccccccbb  .bbba.
bcccccba  ......
.bbbbba.  ......
""")
SPIDER_MARKS = variants("""
hourglass  cross  bands  dots  skull
cccc       .cc.   cccc   c..c  cccc
.cc.       cccb   ....   ....  cxxc
.cb.       cccb   cccb   .cc.  cccc
ccbb       .bb.   ....   ....  .cc.
....       ....   .bb.   c..c  ....
""")
SPIDER_EYES = variants("""
red     many    beady
d....d  .d..d.  ......
.d..d.  d.dd.d  wx..wx
......  ......  xx..xx
""")


def spider(canvas, shell, legs, marks, mark_dye, eyes, eye_dye):
    canvas.pair(SPIDER_LEGS[legs], shell, at=(2, 1))
    canvas.stamp(SPIDER["abdomen"], shell, at=(2, 4))
    canvas.paste(SPIDER_MARKS[marks], mark_dye, at=(3, 6))
    canvas.stamp(SPIDER["head"], shell, at=(9, 5))
    canvas.paste("w..w", at=(14, 6))
    canvas.paste(SPIDER_EYES[eyes], eye_dye, at=(10, 5))


# ---------------------------------------------------------------- dragon

DRAGON = variants("""
head      body
..cccb..  ..hggf..
.cdcccb.  .cggggb.
.dccccb.  .ceeeeb.
.cccccb.  ccggggbb
.cccccb.  ccceecbb
cdccccbb  ccbggcbb
cxccccxb  cdcbbcdb
.bwbbwa.  ........
""")
DRAGON_HORNS = variants("""
straight  curved  ears   antlers
d..       .d.     c....  c.c..
dc.       d..     bcc..  .cc..
.cc       dc.     .bccc  ..c.c
..b       .cc     ..bbb  ..bcb
""")
DRAGON_TAILS = variants("""
spade  flame  plain
.c.    .d.    ...
ccc    dcd    .c.
.b.    cbc    .cb
.b.    .b.    .cb
bb.    bb.    bb.
""")


def dragon(canvas, scales, belly, wings, wing_skin, horns, tail):
    canvas.pair(BAT_WINGS[wings], wing_skin, at=(5, 1))
    canvas.pair(DRAGON_HORNS[horns], scales if horns == "ears" else "sand", at=(1, 1 if horns == "ears" else 3))
    canvas.outline()
    canvas.stamp(DRAGON["body"], scales, belly, at=(8, 4))
    canvas.stamp(DRAGON_TAILS[tail], "orange" if tail == "flame" else scales, at=(10, 12))
    canvas.stamp(DRAGON["head"], scales, at=(2, 4))
    canvas.paste("wx..xw\nwx..xw", at=(5, 5))


# ---------------------------------------------------------------- snake

COILS = variants("""
low             high
.cddccccccccb.  .cdcccccb.
ccccccccccccbb  ccccccccbb
.bbbbbbbbbbaa.  .bbbbbbba.
""")
SNAKE_NECKS = variants("""
hood        slim        frill
..cccccb..  ..........  c.c.cb.c.b
.cccccccb.  ..........  cccccccccb
ccegggggbb  ..cggggb..  .cegggggb.
cceggggfbb  ..ceeeeb..  ccegggggbb
.ceggggfb.  ..cggggb..  .ceggggfb.
..cggggb..  ..ceeeeb..  c.cggggb.b
""")
SNAKE_HEAD = """
.cccb.
ccdccb
cccccb
ccccbb
.bbba.
"""
TONGUES = variants("""
fork  fangs
.bb.  w..w
.bb.  ....
b..b  ....
""")
SNAKE_MARKS = variants("""
bands           diamonds        line
....c..c..c...  ..............  ..............
....c..c..c...  ....c...c.....  ..c.cc.cc.cc..
....b..b..b...  ...ccc.ccc....  ..............
..............  ..............  ..............
..c..c..c..c..  ..c...c....c..  ..............
..c..c..c..c..  .ccc.ccc..ccc.  c.cc.cc.cc.cc.
..b..b..b..b..  ..b...b....b..  ..............
""")
SNAKE_TAILS = variants("""
point  rattle
.c     gg
cc     gf
cb     cc
b.     cb
""")


def snake(canvas, scales, belly, neck, marks, mark_dye, tongue, tail):
    canvas.stamp(SNAKE_TAILS[tail], scales, "sand", at=(8, 13))
    canvas.stamp(SNAKE_NECKS[neck], scales, belly, at=(2, 3))
    canvas.stamp(COILS["high"], scales, at=(8, 3))
    canvas.stamp(COILS["low"], scales, at=(12, 1))
    canvas.paste(SNAKE_MARKS[marks], mark_dye, at=(8, 1))
    canvas.stamp(SNAKE_HEAD, scales, at=(1, 5))
    canvas.paste("wx..xw", at=(3, 5))
    canvas.paste(TONGUES[tongue], "red", at=(5, 6))


# ---------------------------------------------------------------- floating eye

EYE = variants("""
ball        iris
...dddc...  .aaaa.
.ddddddcc.  abbbba
.dddddddc.  abbbba
dddddddccc  abbcca
dddddddccb  abcdca
dddddddccb  .aaaa.
ddddddcccb  ......
.dddddccb.  ......
.cdddccbb.  ......
...cbbb...  ......
""")
PUPILS = variants("""
round  dot   slit  cross
....   ....  .xx.  .xx.
wxx.   .wx.  .wx.  xwxx
xxx.   .xx.  .xx.  xxxx
.xx.   ....  .xx.  .xx.
""")
LIDS = variants("""
open  half        angry       veins
.     ...ccc....  ...ccc....  ..........
.     .ccdccccb.  .ccdccccb.  ..c....c..
.     .ccccccbb.  .ccccccbb.  .c......c.
.     ccccccccbb  #ccccccbb#  ..c.......
.     ##########  .##cccb##.  ..........
.     ..........  ...####...  .........c
.     ..........  ..........  cc......c.
.     ..........  ..........  ..c....c..
.     ..........  ..........  ...c..c...
""")
EYE_TOPS = variants("""
stalks  lashes  horns   spikes
......  ......  ......  ......
...d..  .c...c  .d....  ......
..cxc.  ..b..b  .dc...  ..c...
...c..  ...b..  .cccb.  ...cb.
....c.  ......  ..bbb.  ....cb
""")
EYE_TAILS = variants("""
tentacles  nerve     drips
.cc..bb.   ..ccbb..  .c.cb.b.
.c....b.   ...cb...  .c.cb.b.
.cb..cb.   ...bb...  ....b...
""")


def floating_eye(canvas, flesh, iris, pupil, lid, top, tail):
    canvas.pair(EYE_TOPS[top], "sand" if top == "horns" else flesh, at=(0, 1))
    canvas.paste(EYE_TAILS[tail], flesh, at=(12, 4))
    canvas.outline()
    canvas.stamp(EYE["ball"], "white", at=(3, 3))
    canvas.paste(EYE["iris"], iris, at=(5, 5))
    canvas.paste(PUPILS[pupil], at=(6, 6))
    canvas.paste(LIDS[lid], flesh, at=(3, 3))


# ---------------------------------------------------------------- mushroom

CAPS = variants("""
round           pointed         flat
....ccccbb....  ......cc......  ..............
..cddccccccb..  ......ccb.....  ...cccccccb...
.cddcccccccbb.  ....cdcccb....  .cddcccccccbb.
.cdccccccccbb.  ...cdccccbb...  cddccccccccccb
ccccccccccccbb  ..cdcccccccbb.  cdcccccccccbbb
bbccccccccbbba  .cccccccccccbb  bccccccccccbba
.aabbbbbbbaaa.  .aabbbbbbbaaa.  .aabbbbbbbaaa.
..............  ..............  ..............
""")
CAP_SPOTS = variants("""
big             small           rings
..............  ..............  ..............
......ccc.....  ......c.......  ......cc......
......ccb.....  ....c...c.....  .....c..c.....
.cc.......cc..  ......c....c..  ......cc...c..
.cb.......cb..  ..c.....c.....  ..cc......c.c.
.....cc.......  .....c.....c..  .c..c......c..
..............  ..............  ..cc..........
""")
STALK = """
bbbbbbbbbb
cccccccccb
cdcccccccb
cccccccccb
ccccccccbb
.bccccbba.
"""
NUBS = variants("""
up  down
c.  .c
cc  cc
.b  b.
""")


def mushroom(canvas, cap, cap_dye, spots, flesh, eyes, mouth, arms):
    canvas.pair(NUBS[arms], flesh, at=(9, 1))
    canvas.paste("ccb..cbb", "brown", at=(14, 4))
    canvas.paste(STALK, flesh, at=(8, 3))
    canvas.outline()
    canvas.stamp(CAPS[cap], cap_dye, at=(1, 1))
    canvas.paste(CAP_SPOTS[spots], "white" if cap_dye not in ("white", "sand") else "brown", at=(1, 1))
    face(canvas, eyes, mouth, 9)


# ---------------------------------------------------------------- golem

GOLEM_TORSO = """
.cccccccb.
cddccccccb
cdccccccbb
ccccccccbb
.cccccbbb.
..bbbbba..
"""
GOLEM_HEADS = variants("""
block   dome    jagged
cdcccb  ......  c.dc.b
dccccb  .cccb.  ccccbb
cccccb  cdcccb  cccccb
cccccb  ccccbb  cccccb
bbbbba  .bbba.  .bbba.
""")
GOLEM_ARMS = variants("""
hanging  fists-up  clubs
.cc      ccb       .cb.
cdc      dcb       .cb.
ccb      cbb       ccb.
cb.      cb.       ccb.
ccb      ccb       cdcb
dcb      .cb       cccb
cbb      ...       cbba
bba      ...       ....
""")
GOLEM_EYES = {"two": "#d##d#", "one": "##dc##", "visor": "#dccb#"}
GOLEM_CORES = variants("""
gem   furnace  rune  crack
.dc.  ####     c..c  .#..
dccb  #dc#     .cc.  ..#.
.cb.  #cb#     .cc.  .#.#
....  ....     ....  #...
""")
GOLEM_GROWTHS = variants("""
moss    snow
cccccc  dddddc
.c.cb.  d.dd.c
""")
SHOULDER_GROWTHS = variants("""
moss  snow
.cc   .dd
.dc   .dd
.c.   .d.
""")


def golem(canvas, stone, head, arms, eyes, core, glow, growth):
    if growth == "crystals":
        canvas.pair("d...\ndc..\n.cc.\n.bcb\n..bb", glow, at=(1, 1))
    canvas.pair("ccb\ncbb\nbba", stone, at=(12, 4))
    canvas.outline()
    canvas.stamp(GOLEM_TORSO, stone, at=(5, 3))
    canvas.pair(GOLEM_ARMS[arms], stone, at=(3 if arms == "fists-up" else 5, 1), stamp=True)
    canvas.stamp(GOLEM_HEADS[head], stone, at=(1, 5))
    canvas.paste(GOLEM_CORES[core], glow, at=(7, 6))
    if growth in GOLEM_GROWTHS:
        dye = "green" if growth == "moss" else "white"
        canvas.paste(GOLEM_GROWTHS[growth], dye, at=(1 if head == "block" else 2, 5))
        if arms != "fists-up":
            canvas.pair(SHOULDER_GROWTHS[growth], dye, at=(5, 1))
    canvas.paste(GOLEM_EYES[eyes], glow, at=(3, 5))


# ---------------------------------------------------------------- beast

BEAST = variants("""
head        body
..cccccb..  ccgggfbb
.cddccccb.  ccgggfbb
cdccccccbb  ccgggfbb
cccccccccb  cccggbbb
ccccccccbb  ccbccbbb
bcccccccba  ........
.bbccccba.  ........
""")
BEAST_EARS = variants("""
pointed  round  wide   lop    tall
c...     .cc.   ccc..  .....  .cc
cc..     cggc   cggc.  .cccc  cgc
cgc.     cfgc   .cfgc  ccgcc  cgc
cfcc     .cc.   ..ccc  cgfc.  cfc
....     ....   .....  cgf..  ...
....     ....   .....  cfc..  ...
....     ....   .....  .b...  ...
""")
MUZZLES = variants("""
plain   fangs   tongue  snout
.gxxg.  .gxxg.  .gxxg.  .gggg.
ggggff  gxxxxf  gxxxxf  gxggxf
.fxxf.  .w..w.  ..kj..  .ffff.
""")
BEAST_TAILS = variants("""
bushy  thin  ringed  tuft
.cb    ..c   .gf     gg.
ccb    ..b   .bb     gf.
ccb    .b.   .gf     .b.
cbb    bb.   bb.     bb.
bb.    ...   ...     ...
""")
BEAST_MARKS = variants("""
stripes   mask      blaze
.a.aa.a.  ........  ...hh...
..a..a..  .aaaaaa.  ...hh...
........  aaaaaaaa  ...gg...
........  .aa..aa.  ........
""")


def beast(canvas, fur, light, ears, eyes, muzzle, marks, tail):
    canvas.paste(BEAST_TAILS[tail], fur, light, at=(9, 12))
    canvas.paste(BEAST["body"], fur, light, at=(10, 4))
    canvas.outline()
    canvas.pair(BEAST_EARS[ears], fur, light, at=(1, 1 if ears in ("wide", "lop") else 3), stamp=True)
    canvas.stamp(BEAST["head"], fur, at=(3, 3))
    canvas.paste(BEAST_MARKS[marks], fur, light, at=(3, 4))
    canvas.paste(MUZZLES[muzzle], fur, light, "red", at=(8, 5))
    canvas.paste(EYES[eyes], at=(5, 4))


# ---------------------------------------------------------------- octopus

OCTOPUS_HEAD = """
...cccb...
.cddccccb.
.dccccccb.
cdcccccccb
cccccccccb
cccccccccb
ccccccccbb
.cccccccb.
.ccccccbb.
"""
TENTACLES = variants("""
down            curled          flared
...ccccccbb...  ...ccccccbb...  c..ccccccbb..b
.cccccccccbbb.  ..ccccccccbb..  cccccccccccbbb
cc.ccb..ccb.bb  .cc.cb..cb.bb.  .bccccccccbbb.
cb.cb....cb.bb  cb..cb..cb..bb  ..cc.cccb.bb..
cb.cb....cb.bb  cb.cb....bb.ba  .cb..cb.b..bb.
b..b......b..a  .bb.b....b.ba.  cb..cb..bb..ba
""")
OCTOPUS_MARKS = variants("""
spots       rings       stripes
.....b....  ....aa....  ...a..a...
..........  ...a..a...  ..a.aa.a..
.b.....b..  ....aa....  ..........
""")


def octopus(canvas, skin, tentacles, marks, eyes, mouth, top):
    canvas.paste(TENTACLES[tentacles], skin, at=(9, 1))
    canvas.paste(OCTOPUS_HEAD, skin, at=(1 if top == "none" else 2, 3))
    canvas.outline()
    canvas.paste(OCTOPUS_MARKS[marks], skin, at=(2 if top == "none" else 3, 3))
    if top == "crown":
        canvas.stamp(CROWN, "gold", at=(1, 5))
    elif top == "bow":
        canvas.stamp(BOW, "rose" if skin in ("blue", "teal", "green") else "cyan", at=(1, 8))
    face(canvas, eyes, mouth, 5)


# ---------------------------------------------------------------- crab

CRAB_SHELLS = variants("""
round       spiny       wide
..cccccb..  c.cc.cb.cb  ..........
.cddccccb.  .ccccccccb  .cddccccb.
cdccccccbb  .cdcccccb.  cddcccccbb
cccccccccb  cccccccccb  cccccccccb
ccccccccbb  .cccccccb.  ccccccccbb
bccccccbba  bbccccccba  .bbcccbba.
.bbbbbbaa.  ..bbbbba..  ..........
""")
CLAWS = variants("""
open   shut   pincer
.c..c  ..c..  .cc..
cd..c  .cdc.  cd..c
cdccb  cdccb  dc.cc
.ccb.  cccbb  ccccb
..cb.  .ccb.  .ccb.
..cb.  ..cb.  ..cb.
""")
CRAB_LEGS = variants("""
bent   straight  curled
.bb..  ...bb     .bb.b
b..bb  bbb..     b..b.
b.b..  ...bb     ..b.b
.b.bb  .bb..     .b.b.
.b.b.  b..bb     .b..b
..b..  ..b..     ..b..
""")
SHELL_MARKS = variants("""
spots     bands     star
..d...c.  ..a..a..  ...dd...
....d...  ..a..a..  ..dddd..
........  ........  ...dd...
""")


def crab(canvas, shell, shape, claw_left, claw_right, legs, eyes, mouth, marks):
    canvas.paste(CLAWS[claw_left], shell, at=(1, 1))
    canvas.paste(CLAWS[claw_right], shell, at=(1, 10), mirror=True)
    canvas.outline()
    canvas.pair(CRAB_LEGS[legs], shell, at=(9, 0))
    canvas.stamp(CRAB_SHELLS[shape], shell, at=(6, 3))
    canvas.paste(SHELL_MARKS[marks], shell, at=(7, 4))
    face(canvas, eyes, mouth, 7)


# ---------------------------------------------------------------- owl

OWL_BODY = """
..cccccb..
.cccccccb.
cccccccccb
cccccccccb
cccccccccb
cccccccccb
bcggggggbb
bbggggggbb
bbggggggba
.bggggggb.
.bbggggbb.
..bbbbbb..
"""
OWL_TUFTS = variants("""
points  horns  round
c..     d...   ....
cc.     cc..   .cc.
ccc     .cc.   .ccc
...     ..cc   ....
""")
OWL_EYES = variants("""
wide  sleepy  cross  big
.gg.  ....    ##..   gggg
gwxg  gggg    g##g   gwxg
gxxg  xxxx    gwxg   gxxg
.gg.  .gg.    .gg.   gggg
""")
OWL_WINGS = variants("""
folded  spread  raised
.b      ..cb    c..
bb      .cbb    cc.
bb      cbbb    cbb
ba      cbab    bbb
ba      bba.    .ab
a.      .a..    ...
""")
OWL_BELLIES = variants("""
plain  ticks   bars    heart
.      .f.f..  .ffff.  .ff.ff
.      ...f.f  ......  .ffff.
.      .f.f..  .ffff.  ..ff..
.      ..f...  ......  ......
""")


def owl(canvas, feathers, light, wings, tufts, eyes, eye_dye, belly):
    if wings != "folded":
        canvas.pair(OWL_WINGS[wings], feathers, at=(7 if wings == "spread" else 5, 1))
    canvas.pair(OWL_TUFTS[tufts], feathers, at=(1, 3))
    canvas.paste("dcb..dcb", "amber", at=(14, 4))
    canvas.paste(OWL_BODY, feathers, light, at=(2, 3))
    canvas.outline()
    if wings == "folded":
        canvas.pair(OWL_WINGS[wings], feathers, at=(8, 2), stamp=True)
    canvas.paste(OWL_BELLIES[belly], light, light, at=(9, 5))
    canvas.pair(OWL_EYES[eyes], feathers, eye_dye, at=(4, 3))
    canvas.stamp("dc\ncb", "amber", at=(7, 7))


# ---------------------------------------------------------------- plant

PLANT_JAWS = variants("""
trap          bud
...cccccb...  ....c..b....
.ccddccccbb.  ...cc.cbb...
ccdccccccccb  ..cdcccccb..
cccccccccccb  .cdcccccccb.
#w##w##w##w#  .cccccccccb.
#effffffffe#  .w##w##w##w.
#w##w##w##w#  .#effffffe#.
cccccccccccb  .bccccccccb.
.bccccccccb.  ..bccccccb..
...bbbbbb...  ....bbbb....
""")
PLANT_PETALS = variants("""
round           spiky
...ccc..ccb...  ......dc......
..cddcccddcb..  ..d..dccb..c..
..cdccccdccb..  ..dcccccccbb..
.cccccccccccb.  ...ccccccccb..
cddccccccccccb  .dccccccccccb.
cdcccccccccccb  dccccccccccccb
cccccccccccccb  .ccccccccccbb.
.bcccccccccbb.  ..ccccccccbb..
..ccccccccccb.  ..cccccccccb..
..cccbccbcccb.  ..c..bccb..b..
...bbb..bbb...  ......bb......
""")
PLANT_FACE = """
..cccc..
.cccccc.
cdcccccb
cccccccb
ccccccbb
bccccccb
.bccccb.
"""
PLANT_BASES = variants("""
leaves          pot             roots
......cb......  ......cb......  ......cb......
cc....cb....cb  ......cb......  ......cb......
dccb..cb..cccb  ...gggggggf...  ....cccbbb....
.cccb.cb.cccb.  ....gggggf....  ..ccb.cb.bbb..
..bbbbbbbbbb..  ....fffffe....  .cb...cb...bb.
""")


def plant(canvas, head, head_dye, stem, base, pot, eyes, mouth):
    canvas.paste(PLANT_BASES[base], stem, pot, at=(10, 1))
    canvas.outline()
    if head in PLANT_PETALS:
        canvas.stamp(PLANT_PETALS[head], head_dye, at=(1, 1))
        canvas.stamp(PLANT_FACE, "amber" if head_dye not in ("amber", "yellow", "orange") else "brown", at=(3, 4))
        face(canvas, eyes, mouth, 4)
    else:
        canvas.stamp(PLANT_JAWS[head], head_dye, "crimson", at=(1, 2))
        canvas.paste(EYES[eyes], at=(2 if head == "trap" else 3, 4))


# ---------------------------------------------------------------- imp

IMP = variants("""
head        body
..cccccb..  ccggfb
.cddccccb.  cggffb
.cdcccccb.  cggffb
.cccccccb.  .cb.cb
.cccccccb.  .cb.cb
.bccccccb.  ......
..bbbbbb..  ......
""")
IMP_EARS = variants("""
pointed  fins  low
c...     cc..  .ccc
ccc.     .ccc  ccc.
.bcc     cccc  b...
....     .bb.  ....
""")
IMP_HORNS = variants("""
short  long  ram
dc     d..   .dcc
cc     dc.   dccb
cb     .cc   c...
..     .cc   cb..
""")
IMP_TAILS = variants("""
spade  fork  hook
.c.    c.c   cc.
ccc    ccb   ..b
.b.    .b.   ..b
.b.    .b.   .bb
bb.    bb.   bb.
""")
IMP_WEAPONS = variants("""
trident  club
d.d      ....
cdc      ....
.c.      .cc.
.b.      cdcb
.b.      cccb
.b.      .cb.
.b.      .cb.
.b.      .bb.
.b.      ....
""")


def imp(canvas, skin, belly, horns, ears, wings, tail, glow, held):
    canvas.pair(BAT_WINGS[wings], skin, at=(6, 1))
    canvas.paste(IMP_TAILS[tail], skin, at=(10, 11))
    canvas.paste(IMP["body"], skin, belly, at=(10, 5))
    canvas.pair(IMP_EARS[ears], skin, at=(4, 1))
    canvas.pair(IMP_HORNS[horns], "sand", at=(1, 3 if horns == "ram" else 4))
    canvas.outline()
    canvas.stamp(IMP["head"], skin, at=(3, 3))
    canvas.paste("x......x\n.dx..xd.\n.dd..dd.\n........\n.xwxxwx.", glow, at=(4, 4))
    canvas.stamp(IMP_WEAPONS[held], "iron" if held == "trident" else "brown", at=(6, 1))


# ---------------------------------------------------------------- bee

BEE_BODIES = variants("""
round     long      fluffy
..cccb..  .cccccb.  c.cccb.b
.cdcccb.  cddccccb  .cdcccb.
cddccccb  cdcccccb  cdcccccb
cdcccccb  cccccccb  .cccccb.
cccccccb  ccccccbb  cccccccb
ccccccbb  .bccccb.  .ccccbb.
gggggggf  .gggggf.  hggggggf
ccccccbb  .cccccb.  .ccccbb.
.gggggf.  .gggggf.  ggggggff
.bccccb.  ..cccb..  .ccccbb.
..gggf..  ..gggf..  ..gggf..
...gf...  ...gf...  ...gf...
""")
BEE_WINGS = variants("""
round  pointed  double
.ddd.  dd...    .dd..
ddcdc  dcdc.    ddcdc
dccdc  .dcdc    .dccb
dcccb  .dccb    .dcb.
.ccb.  ..ccb    ddccb
.....  .....    .ccb.
""")
BEE_FEELERS = variants("""
curled    straight  knobs
##....##  #......#  ##....##
.#....#.  .#....#.  ##....##
..#..#..  ..#..#..  ..#..#..
""")


def bee(canvas, fur, stripes, shape, wings, wing_dye, feelers, eyes, mouth):
    canvas.pair(BEE_WINGS[wings], wing_dye, at=(5, 1))
    canvas.outline()
    canvas.stamp(BEE_BODIES[shape], fur, stripes, at=(3, 4))
    canvas.paste(BEE_FEELERS[feelers], at=(0, 4))
    face(canvas, eyes, mouth, 4)


# ---------------------------------------------------------------- skull

SKULL = """
..cccccb..
.cddccccb.
cddccccccb
cdcccccccb
ccccccccbb
bccccccccb
.bccccccb.
"""
JAWS = variants("""
teeth   open    tusks   none
cccccb  c####b  d.cc.d  c.cc.b
cxccxb  cxccxb  dxcbxd  ......
......  .bbbb.  c....b  ......
""")
SOCKETS = variants("""
hollow      glow        angry       one
.xxx..xxx.  .xxx..xxx.  .x......x.  ...xxxx...
.xxx..xxx.  .xdx..xdx.  .xxx..xxx.  ...xddx...
.xxx..xxx.  .xcx..xcx.  .xdx..xdx.  ...xccx...
....xx....  ..........  ..........  ....xx....
....xx....  ....xx....  ....xx....  ..........
""")
CRACKS = variants("""
left  right
#...  ....#
.#..  ...#.
#...  ....#
""")
SKULL_WING = """
c....
cc...
cbc..
bbbc.
bbbbc
babbb
babb.
b.ab.
..b..
"""
SKULL_BACKS = variants("""
flames          bones
......b.......  ..............
..b...bb...b..  ..............
..bb..bcb.bb..  ..............
..bcb.bcbbcb..  ..............
b.bccbccbccb.b  ..............
bbbccccdcccbbb  ..............
bcbccdddddcbcb  .d..........d.
bccccdddddcccb  dcc........ccb
bcddcddddddccb  .bccc....cccb.
.bcddddddddcb.  ....cccccc....
.bbcddddddcbb.  ....cccccc....
..bbccccccbb..  .dccc....cccb.
..............  dcc........ccb
..............  .b..........b.
""")


def skull(canvas, bone, back, back_dye, sockets, glow, jaw, crack):
    row = 3 if back in ("none", "bones") else 5
    if back in SKULL_BACKS:
        canvas.paste(SKULL_BACKS[back], back_dye if back == "flames" else bone, at=(1, 1))
    elif back == "horns":
        canvas.pair("d...\ndc..\ndcc.\n.ccc\n..bb", back_dye, at=(2, 1))
    elif back == "bat wings":
        canvas.pair(SKULL_WING, back_dye, at=(2, 1))
    canvas.outline()
    canvas.stamp(JAWS[jaw], bone, at=(row + 7, 5))
    canvas.stamp(SKULL, bone, at=(row, 3))
    canvas.paste(SOCKETS[sockets], glow, at=(row + 2, 3))
    canvas.paste(CRACKS[crack], at=(row, 5))


# ---------------------------------------------------------------- mimic

MIMIC_LIDS = variants("""
arched        flat          plated
...cccccb...  ............  ..gcccccbf..
.cddcccccbb.  cdddddddcccb  .cgdccccbfb.
cddccccccccb  cccccccccccb  cdgcccccbfcb
gggggggggggf  gggggggggggf  gggggggggggf
""")
MIMIC_BASE = """
gggggggggggf
cdccccccccbb
cccccccccbbb
gfffffffffff
"""
MIMIC_TEETH = variants("""
sharp         fangs         blunt
#w##w##w##w#  #ww######ww#  #ww#ww#ww#w#
############  ##w######w##  ############
############  ############  ############
############  ##w######w##  ############
#w##w##w##w#  #ww##ww##ww#  #ww#ww#ww#w#
""")
MIMIC_EYES = variants("""
two       one       many
.dd..dd.  ..dccd..  d..d..d.
.dc..cd.  ..d##d..  ..d..d..
........  ..dccd..  ........
""")
MIMIC_TONGUES = variants("""
left   long
..ccb  .ccb
.cdcb  .dcb
.ccb.  .ccb
.ccb.  .ccb
.bb..  ..b.
""")


def mimic(canvas, wood, metal, lid, teeth, eyes, glow, tongue, tongue_dye):
    canvas.paste(MIMIC_LIDS[lid], wood, metal, at=(1, 2))
    canvas.paste(MIMIC_TEETH[teeth], at=(5, 2))
    canvas.paste(MIMIC_BASE, wood, metal, at=(10, 2))
    canvas.paste("g\ng", wood, metal, at=(11, 4))
    canvas.paste("f\nf", wood, metal, at=(11, 11))
    canvas.outline()
    canvas.paste(MIMIC_EYES[eyes], glow, at=(6, 4))
    if tongue == "none":
        canvas.stamp("dc\ncb", metal, at=(11, 7))
    else:
        canvas.stamp(MIMIC_TONGUES[tongue], tongue_dye, at=(9, 6))


# ---------------------------------------------------------------- frog

FROG_BODY = """
..cccccccb..
.cddcccccbb.
ccdcccccccbb
cccccccccccb
cccccccccccb
bccggggggcbb
.bggggggggb.
cbggggggggbb
ccbggggggbcb
.bbbffffbbb.
"""
FROG_EYES = variants("""
round  sleepy  slit  angry
.cc.   .cc.    .dd.  .cc.
cwwc   cccc    dddd  cccc
cwxc   cxxc    dxxd  cwxc
cccc   cccc    cccc  cccc
""")
FROG_MOUTHS = variants("""
wide        flat        tongue      fangs
x........x  ..........  x........x  x........x
.xxxxxxxx.  .xxxxxxxx.  .xxxxxxxx.  .xxxxxxxx.
..........  ..........  .....cc...  ..w....w..
..........  ..........  .....cb...  ..........
..........  ..........  .....cb...  ..........
""")
FROG_MARKS = variants("""
spots       stripe      warts
...bb.....  ....aa....  ..d.d.d...
.......b..  ....aa....  .......d..
.b.......b  ..........  d.......d.
""")


def frog(canvas, skin, belly, eyes, mouth, marks, top):
    canvas.paste("dccb....cccb", skin, at=(14, 2))
    canvas.paste(FROG_BODY, skin, belly, at=(5, 2))
    canvas.pair(FROG_EYES[eyes], skin, at=(2, 2))
    canvas.outline()
    canvas.paste(FROG_MARKS[marks], skin, at=(5, 3))
    canvas.paste(FROG_MOUTHS[mouth], "red", at=(8, 3))
    if top == "crown":
        canvas.stamp(CROWN, "gold", at=(2, 5))
    elif top == "leaf":
        canvas.stamp("..cc\ncddc\nbccb", "green", at=(3, 6))


JELLIES = ["green", "lime", "teal", "cyan", "blue", "indigo", "purple", "magenta", "pink", "red", "orange", "amber"]

KINDS = {
    "slime": Kind(
        slime,
        shape=list(SLIMES),
        jelly=JELLIES,
        eyes=["beady", "round", "angry", "sleepy", "one"],
        mouth=["smile", "open", "fangs", "cat", "frown"],
        top=["none", "short", "curved", "sprout", "antennae", "crown"],
        inside=["plain", "bubbles"],
        ink=COLD_PLUM_INKS,
    ),
    "bat": Kind(
        bat,
        fur=["purple", "indigo", "brown", "chestnut", "iron", "navy", "magenta", "forest"],
        wings=list(BAT_WINGS),
        wing_skin=["purple", "crimson", "teal", "iron", "rose", "tan"],
        ears=list(BAT_BODIES),
        eyes=list(BAT_EYES),
        glow=["yellow", "white", "lime", "red"],
        belly=["none", "tan", "pink", "grey"],
        ink=PLUM_INKS,
    ),
    "ghost": Kind(
        ghost,
        cloth=["white", "mithril", "cyan", "pink", "lime", "sand"],
        tail=list(GHOST_TAILS),
        arms=["none", *GHOST_ARMS],
        eyes=["hollow", "beady", "angry", "happy", "sleepy"],
        mouth=["none", "round", "open", "smile", "fangs"],
        top=["none", "horns", *GHOST_TOPS],
        dye=["red", "blue", "purple", "amber"],
        ink=COLD_PLUM_INKS,
    ),
    "spider": Kind(
        spider,
        shell=["black", "iron", "brown", "chestnut", "purple", "crimson", "forest", "navy"],
        legs=list(SPIDER_LEGS),
        marks=["none", *SPIDER_MARKS],
        mark_dye=["red", "yellow", "lime", "white", "cyan"],
        eyes=list(SPIDER_EYES),
        eye_dye=["red", "lime", "yellow"],
    ),
    "dragon": Kind(
        dragon,
        scales=["red", "green", "blue", "purple", "teal", "orange", "iron", "pink"],
        belly=["sand", "amber", "white"],
        wings=list(BAT_WINGS),
        wing_skin=["crimson", "orange", "indigo", "forest", "tan"],
        horns=list(DRAGON_HORNS),
        tail=list(DRAGON_TAILS),
        ink=PLUM_INKS,
    ),
    "snake": Kind(
        snake,
        scales=["green", "lime", "forest", "teal", "purple", "red", "orange", "blue", "tan"],
        belly=["sand", "yellow", "white"],
        neck=list(SNAKE_NECKS),
        marks=["none", *SNAKE_MARKS],
        mark_dye=["black", "crimson", "yellow"],
        tongue=["none", *TONGUES],
        tail=list(SNAKE_TAILS),
        ink=MOSS_INKS,
    ),
    "floating eye": Kind(
        floating_eye,
        flesh=["red", "purple", "green", "teal", "rose", "orange", "indigo"],
        iris=["green", "blue", "amber", "red", "purple", "teal"],
        pupil=list(PUPILS),
        lid=list(LIDS),
        top=["none", *EYE_TOPS],
        tail=list(EYE_TAILS),
        ink=PLUM_INKS,
    ),
    "mushroom": Kind(
        mushroom,
        cap=list(CAPS),
        cap_dye=["red", "crimson", "purple", "blue", "teal", "orange", "brown", "green"],
        spots=["none", *CAP_SPOTS],
        flesh=["sand", "white", "tan"],
        eyes=["beady", "angry", "sleepy", "happy"],
        mouth=["none", "smile", "open", "fangs"],
        arms=["none", *NUBS],
        ink=WARM_INKS,
    ),
    "golem": Kind(
        golem,
        stone=["grey", "steel", "brown", "tan", "copper", "mithril", "iron", "forest"],
        head=list(GOLEM_HEADS),
        arms=list(GOLEM_ARMS),
        eyes=list(GOLEM_EYES),
        core=["none", *GOLEM_CORES],
        glow=["yellow", "red", "cyan", "lime", "magenta"],
        growth=["none", "crystals", "moss", "snow"],
    ),
    "beast": Kind(
        beast,
        fur=["grey", "brown", "chestnut", "ginger", "iron", "black", "tan"],
        light=["white", "sand"],
        ears=list(BEAST_EARS),
        eyes=["beady", "round", "angry", "happy"],
        muzzle=list(MUZZLES),
        marks=["none", *BEAST_MARKS],
        tail=list(BEAST_TAILS),
        ink=WARM_INKS,
    ),
    "octopus": Kind(
        octopus,
        skin=["red", "orange", "pink", "magenta", "purple", "blue", "teal", "green"],
        tentacles=list(TENTACLES),
        marks=["none", *OCTOPUS_MARKS],
        eyes=["beady", "round", "angry", "sleepy", "one"],
        mouth=["smile", "round", "frown", "fangs"],
        top=["none", "crown", "bow"],
        ink=PLUM_INKS,
    ),
    "crab": Kind(
        crab,
        shell=["red", "orange", "crimson", "blue", "purple", "teal"],
        shape=list(CRAB_SHELLS),
        claw_left=list(CLAWS),
        claw_right=list(CLAWS),
        legs=list(CRAB_LEGS),
        eyes=["beady", "round", "angry", "sleepy"],
        mouth=["smile", "nip", "frown"],
        marks=["none", *SHELL_MARKS],
        ink=WARM_INKS,
    ),
    "owl": Kind(
        owl,
        feathers=["brown", "chestnut", "grey", "iron", "navy", "purple", "tan", "teal"],
        light=["sand", "white"],
        wings=list(OWL_WINGS),
        tufts=["none", *OWL_TUFTS],
        eyes=list(OWL_EYES),
        eye_dye=["yellow", "white", "orange"],
        belly=list(OWL_BELLIES),
        ink=WARM_INKS,
    ),
    "plant": Kind(
        plant,
        head=[*PLANT_JAWS, *PLANT_PETALS],
        head_dye=["red", "magenta", "purple", "green", "blue", "orange", "pink", "yellow"],
        stem=["green", "forest", "lime"],
        base=list(PLANT_BASES),
        pot=["copper", "steel", "chestnut"],
        eyes=["beady", "round", "angry", "sleepy"],
        mouth=["smile", "open", "fangs"],
        ink=MOSS_INKS,
    ),
    "imp": Kind(
        imp,
        skin=["red", "crimson", "purple", "indigo", "forest", "teal", "orange"],
        belly=["sand", "rose", "iron"],
        horns=list(IMP_HORNS),
        ears=list(IMP_EARS),
        wings=["none", "up", "wide"],
        tail=list(IMP_TAILS),
        glow=["yellow", "lime", "white"],
        held=["none", *IMP_WEAPONS],
    ),
    "bee": Kind(
        bee,
        fur=["yellow", "amber", "orange", "lime", "pink", "cyan"],
        stripes=["black", "brown"],
        shape=list(BEE_BODIES),
        wings=list(BEE_WINGS),
        wing_dye=["white", "mithril", "cyan"],
        feelers=list(BEE_FEELERS),
        eyes=["beady", "round", "angry", "happy"],
        mouth=["smile", "none", "frown"],
        ink=WARM_INKS,
    ),
    "skull": Kind(
        skull,
        bone=["white", "sand", "grey"],
        back=["none", "flames", "bones", "horns", "bat wings"],
        back_dye=["orange", "blue", "lime", "purple", "red"],
        sockets=list(SOCKETS),
        glow=["red", "yellow", "cyan", "lime"],
        jaw=list(JAWS),
        crack=["none", *CRACKS],
        ink=PLUM_INKS,
    ),
    "mimic": Kind(
        mimic,
        wood=["brown", "chestnut", "crimson", "navy", "forest", "purple", "tan"],
        metal=["gold", "steel", "copper"],
        lid=list(MIMIC_LIDS),
        teeth=list(MIMIC_TEETH),
        eyes=list(MIMIC_EYES),
        glow=["yellow", "red", "lime", "cyan"],
        tongue=["none", *MIMIC_TONGUES],
        tongue_dye=["rose", "magenta", "red"],
    ),
    "frog": Kind(
        frog,
        skin=["green", "lime", "forest", "teal", "blue", "orange", "red", "purple"],
        belly=["sand", "white", "yellow"],
        eyes=list(FROG_EYES),
        mouth=list(FROG_MOUTHS),
        marks=["none", *FROG_MARKS],
        top=["none", "crown", "leaf"],
        ink=MOSS_INKS,
    ),
}
