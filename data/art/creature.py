"""Non-heroes: slimes, beasts, flying things and other monsters, most of them seen from the front."""

from .pixels import SIZE, Canvas, Kind

# ---------------------------------------------------------------- tools


def stamp(canvas, part, *ramps, at=(0, 0), mirror=False):
    """Like paste, with an ink line all around the part, also where it lies on something drawn before."""
    top = Canvas()
    top.ink = canvas.ink
    top.paste(part, *ramps, at=at, mirror=mirror).outline()
    canvas.rgb[top.opaque] = top.rgb[top.opaque]
    canvas.opaque |= top.opaque


def row_of(text):
    """The parts of a drawing in which they stand side by side, with spaces between; one of dots only becomes ""."""
    columns = zip(*(line.split() for line in text.strip("\n").split("\n")))
    return ["\n".join(column) if "".join(column).strip(".") else "" for column in columns]


def variants(text):
    """{name: part}, from a row of parts under a line of their names."""
    names, drawing = text.strip("\n").split("\n", 1)
    return dict(zip(names.split(), row_of(drawing), strict=True))


def put(canvas, part, *ramps, at=(0, 0)):
    """Like paste, for a part that may be empty ("none")."""
    if part:
        canvas.paste(part, *ramps, at=at)


def width(part):
    return max(len(line.rstrip(".")) for line in part.strip("\n").split("\n"))


def both(canvas, part, *ramps, at, how=Canvas.paste):
    """The left one of a pair at `at`, and its mirror image on the right half."""
    row, col = at
    how(canvas, part, *ramps, at=(row, col))
    how(canvas, part, *ramps, at=(row, SIZE - col - width(part)), mirror=True)


# ---------------------------------------------------------------- faces, 8 wide

EYES = variants("""
beady     round     angry     sleepy    happy     hollow    one
........  .ww..ww.  x......x  ........  ........  .xx..xx.  ..wwww..
.wx..wx.  .wx..xw.  .xx..xx.  xxx..xxx  .x....x.  .xx..xx.  ..wxxw..
.xx..xx.  .wx..xw.  .wx..xw.  .xx..xx.  x.x..x.x  .xx..xx.  ..wxxw..
........  ........  ........  ........  ........  ........  ...ww...
""")
MOUTHS = variants("""
none  smile     open      round     fangs     nip       frown     cat
.     ..x..x..  ..xxxx..  ...xx...  .xxxxxx.  ..xxxx..  ...xx...  .x.xx.x.
.     ...xx...  ..xbcx..  ...xx...  ..w..w..  ..w..w..  ..x..x..  ..x..x..
.     ........  ...xx...  ........  ........  ........  ........  ........
""")


def face(canvas, eyes, mouth, row, gap=3):
    """Eyes at `row`, a mouth `gap` rows below."""
    put(canvas, MOUTHS[mouth], "red", at=(row + gap, 4))
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
none  short  curved
.     .c..   d...
.     ccc.   dc..
.     bbb.   cccb
.     ....   .bbb
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
SPROUT, ANTENNAE, CROWN, BUBBLES = row_of("""
.cc..cc.  .c....c.  c.cc.c  ..........d.
cdcbbdcc  .b....b.  cccccb  .d..........
.bbbcbb.  ..b..b..  cdccbb  ...........d
....b...  ..b..b..  ......  ............
....b...  ........  ......  ............
........  ........  ......  .d..........
........  ........  ......  ..........d.
""")


def slime(canvas, shape, jelly, eyes, mouth, top, inside):
    row = SLIME_ROWS[shape]
    if top in HORNS and top != "none":
        both(canvas, HORNS[top], "sand", at=(HORN_ROWS[shape], 2))
    canvas.paste(SLIMES[shape], jelly, at=(row, 0))
    if inside == "bubbles":
        canvas.paste(BUBBLES, jelly, at=(7, 2))
    if top == "sprout":
        canvas.paste(SPROUT, "green", at=(max(row - 4, 1), 4))
    elif top == "antennae":
        canvas.paste(ANTENNAE, jelly, at=(max(row - 3, 1), 4))
    canvas.outline()
    if top == "crown":
        stamp(canvas, CROWN, "gold", at=(max(row - 2, 2), 5))
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
    both(canvas, BAT_WINGS[wings], wing_skin, at=(5, 1))
    canvas.outline()
    stamp(canvas, BAT_BODIES[ears], fur, at=(3, 5))
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
none  up   low
.     d..  .dc
.     ddc  dd.
.     .dc  c..
""")
BOW = """
cc..cb
cccbbb
cc..bb
"""
GHOST_TOPS = {
    "bow": (BOW, (1, 8)),
    "crown": (CROWN, (1, 5)),
    "cap": (
        """
....cccb..
..ccccccb.
.ccccccbbb
.hhhhhhg.g
""",
        (1, 3),
    ),
}


def ghost(canvas, cloth, tail, arms, eyes, mouth, top, dye):
    if arms != "none":
        both(canvas, GHOST_ARMS[arms], cloth, at=(7 if arms == "up" else 9, 1))
    if top == "horns":
        both(canvas, HORNS["short"], dye, at=(1, 3))
    canvas.paste(GHOST_TOP, cloth, at=(2, 3))
    canvas.paste(GHOST_TAILS[tail], cloth, at=(10, 3))
    canvas.outline()
    if top in GHOST_TOPS:
        part, at = GHOST_TOPS[top]
        stamp(canvas, part, dye, "white", at=at)
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
ABDOMEN, SPIDER_HEAD = row_of("""
..cccb..  .cccb.
.cddccb.  cccccb
ccdccccb  cccccb
cccccccb  bcccba
ccccccbb  .bbba.
bcccccba  ......
.bbbbba.  ......
""")
SPIDER_MARKS = variants("""
none  hourglass  cross  bands  dots  skull
.     cccc       .cc.   cccc   c..c  cccc
.     .cc.       cccb   ....   ....  cxxc
.     .cb.       cccb   cccb   .cc.  cccc
.     ccbb       .bb.   ....   ....  .cc.
.     ....       ....   .bb.   c..c  ....
""")
SPIDER_EYES = variants("""
red     many    beady
d....d  .d..d.  ......
.d..d.  d.dd.d  wx..wx
......  ......  xx..xx
""")


def spider(canvas, shell, legs, marks, mark_dye, eyes, eye_dye):
    both(canvas, SPIDER_LEGS[legs], shell, at=(2, 1))
    stamp(canvas, ABDOMEN, shell, at=(2, 4))
    put(canvas, SPIDER_MARKS[marks], mark_dye, at=(3, 6))
    stamp(canvas, SPIDER_HEAD, shell, at=(9, 5))
    canvas.paste("w..w", at=(14, 6))
    canvas.paste(SPIDER_EYES[eyes], eye_dye, at=(10, 5))


# ---------------------------------------------------------------- dragon

DRAGON_HEAD, DRAGON_BODY = row_of("""
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
    both(canvas, BAT_WINGS[wings], wing_skin, at=(5, 1))
    both(canvas, DRAGON_HORNS[horns], scales if horns == "ears" else "sand", at=(1, 1 if horns == "ears" else 3))
    canvas.outline()
    stamp(canvas, DRAGON_BODY, scales, belly, at=(8, 4))
    stamp(canvas, DRAGON_TAILS[tail], "orange" if tail == "flame" else scales, at=(10, 12))
    stamp(canvas, DRAGON_HEAD, scales, at=(2, 4))
    canvas.paste("wx..xw\nwx..xw", at=(5, 5))


# ---------------------------------------------------------------- snake

COIL_LOW, COIL_HIGH = row_of("""
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
none  fork  fangs
.     .bb.  w..w
.     .bb.  ....
.     b..b  ....
""")
SNAKE_MARKS = variants("""
none  bands           diamonds        line
.     ....c..c..c...  ..............  ..............
.     ....c..c..c...  ....c...c.....  ..c.cc.cc.cc..
.     ....b..b..b...  ...ccc.ccc....  ..............
.     ..............  ..............  ..............
.     ..c..c..c..c..  ..c...c....c..  ..............
.     ..c..c..c..c..  .ccc.ccc..ccc.  c.cc.cc.cc.cc.
.     ..b..b..b..b..  ..b...b....b..  ..............
""")
SNAKE_TAILS = variants("""
point  rattle
.c     gg
cc     gf
cb     cc
b.     cb
""")


def snake(canvas, scales, belly, neck, marks, mark_dye, tongue, tail):
    stamp(canvas, SNAKE_TAILS[tail], scales, "sand", at=(8, 13))
    stamp(canvas, SNAKE_NECKS[neck], scales, belly, at=(2, 3))
    stamp(canvas, COIL_HIGH, scales, at=(8, 3))
    stamp(canvas, COIL_LOW, scales, at=(12, 1))
    put(canvas, SNAKE_MARKS[marks], mark_dye, at=(8, 1))
    stamp(canvas, SNAKE_HEAD, scales, at=(1, 5))
    canvas.paste("wx..xw", at=(3, 5))
    put(canvas, TONGUES[tongue], "red", at=(5, 6))


# ---------------------------------------------------------------- floating eye

EYEBALL, IRIS = row_of("""
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
none  stalks  lashes  horns   spikes
.     ......  ......  ......  ......
.     ...d..  .c...c  .d....  ......
.     ..cxc.  ..b..b  .dc...  ..c...
.     ...c..  ...b..  .cccb.  ...cb.
.     ....c.  ......  ..bbb.  ....cb
""")
EYE_TAILS = variants("""
tentacles  nerve     drips
.cc..bb.   ..ccbb..  .c.cb.b.
.c....b.   ...cb...  .c.cb.b.
.cb..cb.   ...bb...  ....b...
""")


def floating_eye(canvas, flesh, iris, pupil, lid, top, tail):
    if top != "none":
        both(canvas, EYE_TOPS[top], "sand" if top == "horns" else flesh, at=(0, 1))
    canvas.paste(EYE_TAILS[tail], flesh, at=(12, 4))
    canvas.outline()
    stamp(canvas, EYEBALL, "white", at=(3, 3))
    canvas.paste(IRIS, iris, at=(5, 5))
    canvas.paste(PUPILS[pupil], at=(6, 6))
    put(canvas, LIDS[lid], flesh, at=(3, 3))


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
none  big             small           rings
.     ..............  ..............  ..............
.     ......ccc.....  ......c.......  ......cc......
.     ......ccb.....  ....c...c.....  .....c..c.....
.     .cc.......cc..  ......c....c..  ......cc...c..
.     .cb.......cb..  ..c.....c.....  ..cc......c.c.
.     .....cc.......  .....c.....c..  .c..c......c..
.     ..............  ..............  ..cc..........
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
none  up  down
.     c.  .c
.     cc  cc
.     .b  b.
""")


def mushroom(canvas, cap, cap_dye, spots, flesh, eyes, mouth, arms):
    if arms != "none":
        both(canvas, NUBS[arms], flesh, at=(9, 1))
    canvas.paste("ccb..cbb", "brown", at=(14, 4))
    canvas.paste(STALK, flesh, at=(8, 3))
    canvas.outline()
    stamp(canvas, CAPS[cap], cap_dye, at=(1, 1))
    put(canvas, CAP_SPOTS[spots], "white" if cap_dye not in ("white", "sand") else "brown", at=(1, 1))
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
none  gem   furnace  rune  crack
.     .dc.  ####     c..c  .#..
.     dccb  #dc#     .cc.  ..#.
.     .cb.  #cb#     .cc.  .#.#
.     ....  ....     ....  #...
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
        both(canvas, "d...\ndc..\n.cc.\n.bcb\n..bb", glow, at=(1, 1))
    both(canvas, "ccb\ncbb\nbba", stone, at=(12, 4))
    canvas.outline()
    stamp(canvas, GOLEM_TORSO, stone, at=(5, 3))
    both(canvas, GOLEM_ARMS[arms], stone, at=(3 if arms == "fists-up" else 5, 1), how=stamp)
    stamp(canvas, GOLEM_HEADS[head], stone, at=(1, 5))
    put(canvas, GOLEM_CORES[core], glow, at=(7, 6))
    if growth in GOLEM_GROWTHS:
        dye = "green" if growth == "moss" else "white"
        canvas.paste(GOLEM_GROWTHS[growth], dye, at=(1 if head == "block" else 2, 5))
        if arms != "fists-up":
            both(canvas, SHOULDER_GROWTHS[growth], dye, at=(5, 1))
    canvas.paste(GOLEM_EYES[eyes], glow, at=(3, 5))


# ---------------------------------------------------------------- beast

BEAST_HEAD, BEAST_BODY = row_of("""
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
none  stripes   mask      blaze
.     .a.aa.a.  ........  ...hh...
.     ..a..a..  .aaaaaa.  ...hh...
.     ........  aaaaaaaa  ...gg...
.     ........  .aa..aa.  ........
""")


def beast(canvas, fur, light, ears, eyes, muzzle, marks, tail):
    canvas.paste(BEAST_TAILS[tail], fur, light, at=(9, 12))
    canvas.paste(BEAST_BODY, fur, light, at=(10, 4))
    canvas.outline()
    both(canvas, BEAST_EARS[ears], fur, light, at=(1, 1 if ears in ("wide", "lop") else 3), how=stamp)
    stamp(canvas, BEAST_HEAD, fur, at=(3, 3))
    put(canvas, BEAST_MARKS[marks], fur, light, at=(3, 4))
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
none  spots       rings       stripes
.     .....b....  ....aa....  ...a..a...
.     ..........  ...a..a...  ..a.aa.a..
.     .b.....b..  ....aa....  ..........
""")


def octopus(canvas, skin, tentacles, marks, eyes, mouth, top):
    canvas.paste(TENTACLES[tentacles], skin, at=(9, 1))
    canvas.paste(OCTOPUS_HEAD, skin, at=(1 if top == "none" else 2, 3))
    canvas.outline()
    put(canvas, OCTOPUS_MARKS[marks], skin, at=(2 if top == "none" else 3, 3))
    if top == "crown":
        stamp(canvas, CROWN, "gold", at=(1, 5))
    elif top == "bow":
        stamp(canvas, BOW, "rose" if skin in ("blue", "teal", "green") else "cyan", at=(1, 8))
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
none  spots     bands     star
.     ..d...c.  ..a..a..  ...dd...
.     ....d...  ..a..a..  ..dddd..
.     ........  ........  ...dd...
""")


def crab(canvas, shell, shape, claw_left, claw_right, legs, eyes, mouth, marks):
    canvas.paste(CLAWS[claw_left], shell, at=(1, 1))
    canvas.paste(CLAWS[claw_right], shell, at=(1, 10), mirror=True)
    canvas.outline()
    both(canvas, CRAB_LEGS[legs], shell, at=(9, 0))
    stamp(canvas, CRAB_SHELLS[shape], shell, at=(6, 3))
    put(canvas, SHELL_MARKS[marks], shell, at=(7, 4))
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
none  points  horns  round
.     c..     d...   ....
.     cc.     cc..   .cc.
.     ccc     .cc.   .ccc
.     ...     ..cc   ....
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
        both(canvas, OWL_WINGS[wings], feathers, at=(7 if wings == "spread" else 5, 1))
    if tufts != "none":
        both(canvas, OWL_TUFTS[tufts], feathers, at=(1, 3))
    canvas.paste("dcb..dcb", "amber", at=(14, 4))
    canvas.paste(OWL_BODY, feathers, light, at=(2, 3))
    canvas.outline()
    if wings == "folded":
        both(canvas, OWL_WINGS[wings], feathers, at=(8, 2), how=stamp)
    put(canvas, OWL_BELLIES[belly], light, light, at=(9, 5))
    both(canvas, OWL_EYES[eyes], feathers, eye_dye, at=(4, 3))
    stamp(canvas, "dc\ncb", "amber", at=(7, 7))


# ---------------------------------------------------------------- plant

PLANT_TRAP, PLANT_BUD = row_of("""
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
        stamp(canvas, PLANT_PETALS[head], head_dye, at=(1, 1))
        stamp(canvas, PLANT_FACE, "amber" if head_dye not in ("amber", "yellow", "orange") else "brown", at=(3, 4))
        face(canvas, eyes, mouth, 4)
    else:
        stamp(canvas, PLANT_TRAP if head == "trap" else PLANT_BUD, head_dye, "crimson", at=(1, 2))
        canvas.paste(EYES[eyes], at=(2 if head == "trap" else 3, 4))


# ---------------------------------------------------------------- imp

IMP_HEAD, IMP_BODY = row_of("""
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
TRIDENT, CLUB = row_of("""
d.d  .cc.
cdc  cdcb
.c.  cccb
.b.  .cb.
.b.  .cb.
.b.  .bb.
.b.  ....
.b.  ....
.b.  ....
""")


def imp(canvas, skin, belly, horns, ears, wings, tail, glow, held):
    if wings != "none":
        both(canvas, BAT_WINGS[wings], skin, at=(6, 1))
    canvas.paste(IMP_TAILS[tail], skin, at=(10, 11))
    canvas.paste(IMP_BODY, skin, belly, at=(10, 5))
    both(canvas, IMP_EARS[ears], skin, at=(4, 1))
    both(canvas, IMP_HORNS[horns], "sand", at=(1, 3 if horns == "ram" else 4))
    canvas.outline()
    stamp(canvas, IMP_HEAD, skin, at=(3, 3))
    canvas.paste("x......x\n.dx..xd.\n.dd..dd.\n........\n.xwxxwx.", glow, at=(4, 4))
    if held == "trident":
        stamp(canvas, TRIDENT, "iron", at=(6, 1))
    elif held == "club":
        stamp(canvas, CLUB, "brown", at=(8, 1))


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
    both(canvas, BEE_WINGS[wings], wing_dye, at=(5, 1))
    canvas.outline()
    stamp(canvas, BEE_BODIES[shape], fur, stripes, at=(3, 4))
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
none  left  right
.     #...  ....#
.     .#..  ...#.
.     #...  ....#
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
        both(canvas, "d...\ndc..\ndcc.\n.ccc\n..bb", back_dye, at=(2, 1))
    elif back == "bat wings":
        both(canvas, SKULL_WING, back_dye, at=(2, 1))
    canvas.outline()
    stamp(canvas, JAWS[jaw], bone, at=(row + 7, 5))
    stamp(canvas, SKULL, bone, at=(row, 3))
    canvas.paste(SOCKETS[sockets], glow, at=(row + 2, 3))
    put(canvas, CRACKS[crack], at=(row, 5))


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
none  left   long
.     ..ccb  .ccb
.     .cdcb  .dcb
.     .ccb.  .ccb
.     .ccb.  .ccb
.     .bb..  ..b.
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
        stamp(canvas, "dc\ncb", metal, at=(11, 7))
    else:
        stamp(canvas, MIMIC_TONGUES[tongue], tongue_dye, at=(9, 6))


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
none  spots       stripe      warts
.     ...bb.....  ....aa....  ..d.d.d...
.     .......b..  ....aa....  .......d..
.     .b.......b  ..........  d.......d.
""")


def frog(canvas, skin, belly, eyes, mouth, marks, top):
    canvas.paste("dccb....cccb", skin, at=(14, 2))
    canvas.paste(FROG_BODY, skin, belly, at=(5, 2))
    both(canvas, FROG_EYES[eyes], skin, at=(2, 2))
    canvas.outline()
    put(canvas, FROG_MARKS[marks], skin, at=(5, 3))
    canvas.paste(FROG_MOUTHS[mouth], "red", at=(8, 3))
    if top == "crown":
        stamp(canvas, CROWN, "gold", at=(2, 5))
    elif top == "leaf":
        stamp(canvas, "..cc\ncddc\nbccb", "green", at=(3, 6))


KINDS = {
    "slime": Kind(
        slime,
        shape=list(SLIMES),
        jelly=[
            "green",
            "lime",
            "teal",
            "cyan",
            "blue",
            "indigo",
            "purple",
            "magenta",
            "pink",
            "red",
            "orange",
            "amber",
        ],
        eyes=["beady", "round", "angry", "sleepy", "one"],
        mouth=["smile", "open", "fangs", "cat", "frown"],
        top=["none", "short", "curved", "sprout", "antennae", "crown"],
        inside=["plain", "bubbles"],
        ink=["night", "navy", "plum"],
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
        ink=["night", "plum"],
    ),
    "ghost": Kind(
        ghost,
        cloth=["white", "mithril", "cyan", "pink", "lime", "sand"],
        tail=list(GHOST_TAILS),
        arms=list(GHOST_ARMS),
        eyes=["hollow", "beady", "angry", "happy", "sleepy"],
        mouth=["none", "round", "open", "smile", "fangs"],
        top=["none", "horns", *GHOST_TOPS],
        dye=["red", "blue", "purple", "amber"],
        ink=["night", "navy", "plum"],
    ),
    "spider": Kind(
        spider,
        shell=["black", "iron", "brown", "chestnut", "purple", "crimson", "forest", "navy"],
        legs=list(SPIDER_LEGS),
        marks=list(SPIDER_MARKS),
        mark_dye=["red", "yellow", "lime", "white", "cyan"],
        eyes=["red", "many", "beady"],
        eye_dye=["red", "lime", "yellow"],
    ),
    "dragon": Kind(
        dragon,
        scales=["red", "green", "blue", "purple", "teal", "orange", "iron", "pink"],
        belly=["sand", "amber", "white"],
        wings=["up", "wide", "down"],
        wing_skin=["crimson", "orange", "indigo", "forest", "tan"],
        horns=list(DRAGON_HORNS),
        tail=list(DRAGON_TAILS),
        ink=["night", "plum"],
    ),
    "snake": Kind(
        snake,
        scales=["green", "lime", "forest", "teal", "purple", "red", "orange", "blue", "tan"],
        belly=["sand", "yellow", "white"],
        neck=list(SNAKE_NECKS),
        marks=list(SNAKE_MARKS),
        mark_dye=["black", "crimson", "yellow"],
        tongue=list(TONGUES),
        tail=list(SNAKE_TAILS),
        ink=["night", "moss"],
    ),
    "floating eye": Kind(
        floating_eye,
        flesh=["red", "purple", "green", "teal", "rose", "orange", "indigo"],
        iris=["green", "blue", "amber", "red", "purple", "teal"],
        pupil=list(PUPILS),
        lid=list(LIDS),
        top=list(EYE_TOPS),
        tail=list(EYE_TAILS),
        ink=["night", "plum"],
    ),
    "mushroom": Kind(
        mushroom,
        cap=list(CAPS),
        cap_dye=["red", "crimson", "purple", "blue", "teal", "orange", "brown", "green"],
        spots=list(CAP_SPOTS),
        flesh=["sand", "white", "tan"],
        eyes=["beady", "angry", "sleepy", "happy"],
        mouth=["none", "smile", "open", "fangs"],
        arms=list(NUBS),
        ink=["night", "umber"],
    ),
    "golem": Kind(
        golem,
        stone=["grey", "steel", "brown", "tan", "copper", "mithril", "iron", "forest"],
        head=list(GOLEM_HEADS),
        arms=list(GOLEM_ARMS),
        eyes=list(GOLEM_EYES),
        core=list(GOLEM_CORES),
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
        marks=list(BEAST_MARKS),
        tail=list(BEAST_TAILS),
        ink=["night", "umber"],
    ),
    "octopus": Kind(
        octopus,
        skin=["red", "orange", "pink", "magenta", "purple", "blue", "teal", "green"],
        tentacles=list(TENTACLES),
        marks=list(OCTOPUS_MARKS),
        eyes=["beady", "round", "angry", "sleepy", "one"],
        mouth=["smile", "round", "frown", "fangs"],
        top=["none", "crown", "bow"],
        ink=["night", "plum"],
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
        marks=list(SHELL_MARKS),
        ink=["night", "umber"],
    ),
    "owl": Kind(
        owl,
        feathers=["brown", "chestnut", "grey", "iron", "navy", "purple", "tan", "teal"],
        light=["sand", "white"],
        wings=list(OWL_WINGS),
        tufts=list(OWL_TUFTS),
        eyes=list(OWL_EYES),
        eye_dye=["yellow", "white", "orange"],
        belly=list(OWL_BELLIES),
        ink=["night", "umber"],
    ),
    "plant": Kind(
        plant,
        head=["trap", "bud", *PLANT_PETALS],
        head_dye=["red", "magenta", "purple", "green", "blue", "orange", "pink", "yellow"],
        stem=["green", "forest", "lime"],
        base=list(PLANT_BASES),
        pot=["copper", "steel", "chestnut"],
        eyes=["beady", "round", "angry", "sleepy"],
        mouth=["smile", "open", "fangs"],
        ink=["night", "moss"],
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
        held=["none", "trident", "club"],
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
        ink=["night", "umber"],
    ),
    "skull": Kind(
        skull,
        bone=["white", "sand", "grey"],
        back=["none", "flames", "bones", "horns", "bat wings"],
        back_dye=["orange", "blue", "lime", "purple", "red"],
        sockets=list(SOCKETS),
        glow=["red", "yellow", "cyan", "lime"],
        jaw=list(JAWS),
        crack=["none", "left", "right"],
        ink=["night", "plum"],
    ),
    "mimic": Kind(
        mimic,
        wood=["brown", "chestnut", "crimson", "navy", "forest", "purple", "tan"],
        metal=["gold", "steel", "copper"],
        lid=list(MIMIC_LIDS),
        teeth=list(MIMIC_TEETH),
        eyes=list(MIMIC_EYES),
        glow=["yellow", "red", "lime", "cyan"],
        tongue=list(MIMIC_TONGUES),
        tongue_dye=["rose", "magenta", "red"],
    ),
    "frog": Kind(
        frog,
        skin=["green", "lime", "forest", "teal", "blue", "orange", "red", "purple"],
        belly=["sand", "white", "yellow"],
        eyes=list(FROG_EYES),
        mouth=list(FROG_MOUTHS),
        marks=list(FROG_MARKS),
        top=["none", "crown", "leaf"],
        ink=["night", "moss"],
    ),
}
