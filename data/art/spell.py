"""Spells and magic things: potions, scrolls, runes, fire, lightning, crystals, charms and curses."""

from .pixels import (
    COLD_INKS,
    COLD_PLUM_INKS,
    PLUM_INKS,
    RAMPS,
    WARM_COLD_INKS,
    WARM_INKS,
    WARM_PLUM_INKS,
    WHITE,
    Kind,
    variants,
)

METALS = ["steel", "iron", "gold", "bronze", "copper", "mithril"]
GEMS = ["red", "amber", "lime", "green", "teal", "cyan", "blue", "indigo", "purple", "magenta", "pink"]
FIRES = {
    "fire": ("red", "orange", "yellow"),
    "ember": ("crimson", "red", "amber"),
    "sun": ("orange", "amber", "yellow"),
    "ghost": ("navy", "blue", "cyan"),
    "frost": ("blue", "cyan", "white"),
    "venom": ("forest", "green", "lime"),
    "arcane": ("indigo", "purple", "pink"),
    "hex": ("purple", "magenta", "pink"),
    "shadow": ("black", "indigo", "purple"),
    "soul": ("teal", "teal", "white"),
}
PAPERS = ["sand", "tan", "white", "blond"]
STONES = ["grey", "iron", "tan", "steel", "black", "brown"]


def bright(name):
    """The ramp one shade lighter, for things that shine."""
    _, middle, light, shine = RAMPS[name]
    return (middle, light, shine, WHITE)


def pale(name):
    """The ramp as seen through thin glass: a clear rim, a very light inside."""
    _, middle, light, shine = RAMPS[name]
    return (middle, light, tuple((2 * s + 255 * 3) // 5 for s in shine), WHITE)


SPARK_STAR = """
.c.
cbc
.c.
"""
SPARK_MOTE = """
...
.b.
...
"""
SPARKS = {
    "stars": (SPARK_STAR, 3, ((1, 14), (13, 1), (1, 1), (14, 14), (6, 14), (8, 1))),
    "motes": (SPARK_MOTE, 6, ((1, 1), (4, 14), (10, 1), (14, 13), (2, 12), (13, 2), (7, 14), (6, 1), (11, 14))),
}


def around(canvas, aura, ramp):
    """What is about a finished sprite: "stars" or "motes" where there is room, a "glow" along its outline, "none"."""
    if aura == "glow":
        canvas.outline(RAMPS[ramp][3])
    elif aura != "none":
        mark, most, spots = SPARKS[aura]
        free = [s for s in spots if not canvas.opaque[s[0] - 1 : s[0] + 2, s[1] - 1 : s[1] + 2].any()]
        for row, col in free[:most]:
            canvas.paste(mark, ramp, at=(row - 1, col - 1))


RUNES = variants("""
tree    bolt    cross   diamond moon    eye     loop    heart   glass
c.cc.c  ...cc.  ..cc..  ..cc..  .ccc..  .cccc.  ..cc..  .c..c.  cccccc
c.cc.c  ..cc..  ..cc..  .cccc.  ..ccc.  c....c  .c..c.  cccccb  .c..c.
.bccb.  .cccc.  cccccc  cc..cb  ...cb.  c.cc.b  c....b  ccccbb  ..cb..
..bb..  ..cb..  bbbbbb  cb..bb  ...cb.  c.cb.b  .c..b.  .ccbb.  ..bb..
..bb..  .bb...  ..bb..  .bbbb.  ..bbb.  b....b  ..bb..  ..bb..  .b..b.
..bb..  .b....  ..bb..  ..bb..  .bbb..  .bbbb.  bb..bb  ......  bbbbbb
""")

CHARMS = variants("""
star      heart     moon      gem       orb       drop
...dc...  ........  ..cccc..  ........  ..cccc..  ...dc...
...cc...  .cc..cb.  .cdcb...  ..cddc..  .cddccb.  ...cb...
dccccccb  cddccccb  cdcb....  .cddccb.  cddccccb  ..dccb..
.dccccb.  cdcccccb  cdc.....  cdcccbbb  cdccccbb  .dccccb.
..cccb..  .cccccb.  ccc.....  .ccccba.  ccccccbb  ddcccccb
.dccccb.  ..cccb..  cccb....  ..ccba..  cccccbba  cdccccbb
.cb..bb.  ...bb...  .cccb.b.  ...ba...  .cccbba.  .ccccbb.
.b....a.  ........  ..bbbb..  ........  ..bbaa..  ..bbba..
""")

POTIONS = variants("""
round             cone              vial              square            diamond           cork    cap     bead
.....hggggf.....  .....hggggf.....  ....hgggggff....  .....hggggf.....  .....hggggf.....  .cccb.  cdcccb  ..cc..
......hgff......  ......hgff......  .....hgffff.....  ......hgff......  ......gffe......  .cbba.  .bbba.  .dcbb.
......gffe......  ......gffe......  .....gkjjie.....  ...hggggfffff...  ...gggkjjfff....  ......  ......  ......
.....gkjjjf.....  ......gkjf......  .....glkjie.....  ..ggkkkjjjjjff..  ..gglkkjjkjjff..  ......  ......  ......
...ggkkjjjjff...  .....gkkjjf.....  .....glkjie.....  ..glkkjjjjjjif..  .glkkkjjjjjjjif.  ......  ......  ......
..glkkjjjjjjif..  .....gkjjjf.....  .....glkjie.....  ..glkjjjjjjjie..  .glkjjjjjjjjjie.  ......  ......  ......
..glkjjjjjjjie..  ....glkjjjif....  .....gdccbe.....  ..gdccccccccbe..  .gdccccccccccbe.  ......  ......  ......
..gdccccccccbe..  ....gdccccbe....  .....gdcbae.....  ..gdccbbbbbbae..  ..gdccbbbbbbae..  ......  ......  ......
..gdccbbbbbbae..  ...gdccbbbbae...  .....gdcbae.....  ..gdcbbbbbbbae..  ...gdcbbbbbae...  ......  ......  ......
..gfcbbbbbbaae..  ...gdcbbbbbae...  .....gdcbae.....  ..gdcbbbbbbbae..  ....gcbbbbae....  ......  ......  ......
...ffbbbbaaee...  ..gdcbbbbbbaae..  .....gfbaae.....  ..gfbbbbbbbaee..  .....gbbbae.....  ......  ......  ......
.....eeeeee.....  ..ffeeeeeeeeee..  ......feee......  ..ffeeeeeeeeee..  ......feee......  ......  ......  ......
""")
LABELS = variants("""
skull heart plus  drop  bubbles
wwww  w..w  .ww.  .w..  ..d....
w##w  wwww  wwww  .ww.  .....d.
wwww  wwww  wwww  wwww  .d.....
.ww.  .ww.  .ww.  .ww.  ....d..
""")


def potion(canvas, bottle, liquid, fill, stopper, plug, label):
    top = {"full": liquid, "half": "white", "layered": "yellow"}[fill]
    canvas.paste(POTIONS[bottle], liquid, "mithril", top, at=(3, 0))
    canvas.paste(POTIONS[stopper], plug, at=(1, 5))
    canvas.outline()
    canvas.paste(LABELS[label], liquid, at=(8, 5) if label == "bubbles" else (9, 6))


SCROLLS = variants("""
straight          torn              roller          writing
..eeeeeeeeeeee..  ..eeeeeeeeeeee..  fhgccccccccbfe  bbb.bb
..eddddcccccbe..  ..eddddcccccbe..  eggbbbbbbbbaee  ......
...ddccccccbb...  ...ddccccccbb...  ..............  b.bbbb
...dcccccccbb...  ...dccccccc#....  ..............  ......
...dcccccccbb...  ...dcccccccb....  ..............  bbbb.b
...dcccccccbb...  ....#ccccccbb...  ..............  ......
...dcccccccbb...  ....ccccccc#....  ..............  bb.b..
...dcccccccbb...  ...dcccccccb....  ..............  ......
...dcccccccbb...  ...dcccccccbb...  ..............  ......
...dcccccccba...  ...dccccccbba...  ..............  ......
..ebbbbbbbbaae..  ...bb.bbb.ba....  ..............  ......
""")


def scroll(canvas, sheet, paper, rods, rune, dye, seal):
    canvas.paste(SCROLLS[sheet], paper, "umber", at=(2, 0))
    canvas.paste(SCROLLS["roller"], paper, rods, at=(1, 1))
    if sheet == "straight":
        canvas.paste(SCROLLS["roller"], paper, rods, at=(13, 1))
    canvas.outline()
    if rune == "writing":
        canvas.paste(SCROLLS["writing"], dye, at=(4, 5))
    else:
        a, b, *_ = RAMPS[dye]
        canvas.paste(RUNES[rune], (a, a, b, b), at=(5, 5))
    if seal != "none":
        canvas.paste(".cb\ncdb\n.ba", seal, at=(11, 10))


ROLLS = variants("""
roll              band    bow       wide
................  .dc...  dc..dc..  .dcc...
..........dd....  .ccc..  ccccccb.  ddccc..
.........dccc...  ..ccb.  .cccb...  .cdccb.
........dccccb..  ...cbb  ..ccccb.  ..cccbb
.......dccccbee.  ....b.  .cc.ccbb  ...cbba
......dccccbecfe  ......  .c...bb.  ....ba.
.....dccccbbefe.  ......  ........  .......
....dccccbb.ee..  ......  ........  .......
...dccccbb......  ......  ........  .......
..dccccbb.......  ......  ........  .......
.dccccbb........  ......  ........  .......
.dcccbb.........  ......  ........  .......
..dcbb..........  ......  ........  .......
...bb...........  ......  ........  .......
""")


def rolled_scroll(canvas, paper, ribbon, cloth, seal, aura, light):
    canvas.paste(ROLLS["roll"], paper, "brown")
    canvas.outline()
    canvas.paste(ROLLS[ribbon], cloth, at=(5, 4))
    if seal != "none" and ribbon != "bow":
        canvas.paste(".cc.\ncdcb\nccba\n.ba.", seal, at=(7, 6))
    around(canvas, aura, light)


FLAMES = variants("""
tall              curl              wild              logs            bowl            stones
................  ................  ................  .cb........bc.  cddccccccccbba  .cc..cc..cc.cb
.......b........  ......bbb.......  ....b.....b.....  dbccbb..bbccba  .ccccccccccba.  ccbbccbbccbbbb
.......bb.......  .....bbb........  ....bb...bb.....  .abbbccccbbba.  ..bccccccbba..  cbbacbbacbbaba
......bbbb..b...  ....bbb.....b...  .b..bbb..bfb..b.  ...aabbbbaa...  ....bbbbaa....  .aa..aa..aa.a.
...b..bffb..bb..  ....bfb....bb...  .bb.bfbb.bfb.bb.  ..............  ..............  ..............
...bb.bffbb.bb..  ....bffb..bbb...  .bb.bffbbbfbbbb.  ..............  ..............  ..............
..bbbbbfffbbbb..  .b..bfffbbbfb...  .bfbbfffbfffbfb.  ..............  ..............  ..............
..bfbbfffffbfb..  .bb.bbfffffbb...  .bffbfffffffffb.  ..............  ..............  ..............
.bbffbffjfffffb.  .bbbbfffffffbb..  .bfffffjffjfffb.  ..............  ..............  ..............
.bfffffjjjffffb.  .bfffffjjfffbb..  .bffffjjjjjfffb.  ..............  ..............  ..............
.bfffjfjjjjfffb.  .bffjfjjjjfffb..  .bffjjjjjjjjffb.  ..............  ..............  ..............
.bffjjjjkjjjffb.  .bffjjjjjjjffb..  ..bfjjjkkjjjfb..  ..............  ..............  ..............
..bfjjjkkkjjfb..  ..bfjjkkkjjfb...  ..bffjkkkkjffb..  ..............  ..............  ..............
..bbfjjkkkjfbb..  ..bbfjkkkjfbb...  ...bbfjkkjfbb...  ..............  ..............  ..............
....bbffffbb....  ....bbfffbb.....  .....bbffbb.....  ..............  ..............  ..............
""")
FACES = variants("""
eyes    smile   angry
......  x....x  x....x
.x..x.  x....x  xx..xx
.x..x.  ......  .x..x.
......  ..xx..  ..xx..
""")


def flame(canvas, shape, fire, base, fuel, face):
    canvas.paste(FLAMES[shape], *FIRES[fire])
    canvas.outline()
    canvas.stamp(FLAMES[base], fuel, at=(11, 1))
    canvas.paste(FACES[face], at=(8 if base == "none" else 6, 5))


BALL_TAILS = variants("""
comet             burning           spiky
................  ................  ................
................  ................  .......bb.......
................  ....bb..........  ......bbb....b..
.........bbb....  .bb..bbbbbbb....  ..b..bbfbb..bb..
.....bbbbfffb...  ..bbb.bbfffbbb..  ..bbbbbffbbbfb..
.bbbbbfffffffb..  ...bbbbffffffb..  ...bfffffffffb..
...bbfffffjjffb.  ....bbffffjjffb.  ...bbffjjjffbbb.
.bbbffffjjjjjfb.  ..bbbffffjjjjfb.  .bbbffjjjjjffbb.
..bbbfffjjkkjfb.  .bbbbfffjjkkjfb.  .bffffjjkkjfffb.
...bbffjjjkkjfb.  ..bbffffjjkkjfb.  .bbbffjjkkjffbb.
.bbbffffjjjjffb.  ....bbfffjjjffb.  ...bbffjjjffbb..
...bbbffffffffb.  ...bbbbffffffb..  ...bfffffffffb..
.bbb..bbfffffb..  .bbbb.bbffffbb..  ..bbbbbffbbbfb..
........bbbbb...  .....bbbbbbb....  ..b..bbfbb..bb..
................  ...bbb..........  ......bbb....b..
""")


def fireball(canvas, shape, fire, face, heading, aura):
    canvas.paste(BALL_TAILS[shape], *FIRES[fire])
    canvas.outline()
    if face == "eyes":
        canvas.paste("x..x\nx..x", at=(7, 8))
    elif face == "gasp":
        canvas.paste("x..x\n....\n.xx.", at=(7, 8))
    around(canvas, aura, FIRES[fire][1])
    if heading == "left":
        canvas.mirror()


METEORS = variants("""
trail             round     jagged    crystal
................  ..cccc..  ...ccc..  ..ddcc..
........b...bb..  .cddccb.  .ccddccb  .ddcccb.
.......bb.bbfb..  cdccbbcb  cddcccbb  dddccbbb
....b.bfbbffbb..  cccccbab  ccacccba  ddccbbba
....bbbfffjfbb..  cbacccbb  .cccbabb  dcccbbba
...bbfffjffjfbb.  caabccba  cccbccba  cccbbbaa
..bbfffjjjjffbb.  .bccbba.  .bccbaa.  .cbbbaa.
..bffjjjjjfjfb..  ..bbaa..  ..bba...  ..bbaa..
.bbfjjjjjjjjfbb.  ........  ........  ........
.bfjjjjjjjjfbb..  ........  ........  ........
.bffjjjjjjjjfb..  ........  ........  ........
.bbfjjjjjjjfbb..  ........  ........  ........
..bffjjjjjffb...  ........  ........  ........
...bbffffffb....  ........  ........  ........
....bbbbbbb.....  ........  ........  ........
""")


def meteor(canvas, rock, stone, fire, heading, aura):
    canvas.paste(METEORS["trail"], *FIRES[fire])
    canvas.outline()
    canvas.paste(METEORS[rock], stone, at=(6, 2))
    around(canvas, aura, FIRES[fire][1])
    if heading == "right":
        canvas.mirror()


LIGHTNING = variants("""
classic           forked            strike            ball              cloud
................  ................  ................  ................  ......dddc......
.......ddddd....  ......dddc......  ..dddd..........  ......dd........  ..dddcdddddccc..
......dccccb....  ......dccb......  ...dccb.........  ......dcb...dd..  .ddddddddddddcc.
......dcccb.....  .....dccb.......  ....dccb........  ..dd...db..dcb..  .dddcdddddcddcb.
.....dcccb......  .....dccb.......  .....dccb.......  ..dccb.dcbdcb...  .ccccccccccccbb.
.....dccb.......  ....dcccccc.....  .....dcccdd.....  ...dcccccccb....  ..cccbbccccbbb..
....dccccccc....  ....bbbdccb.....  ....dccccccc....  ....dcddddcb....  ...bb...bbbb....
....dccccccb....  ......dccb......  .....bbbdccb....  .dddcddwwddccc..  ................
....bbbbccb.....  .....dcccccdd...  ........dccb....  .bbbcddwwdcbbb..  ................
.......dccb.....  ....dccbbbdccb..  .......dccccb...  ....cdwwddcb....  ................
......dccb......  ...dccb....dcb..  .......bbdccb...  ....dcddddcb....  ................
......dcb.......  ..dccb....dccb..  ..........dcb...  ...dccccbcccb...  ................
.....dcb........  ...dcb....dcb...  ..........dccb..  ..dcb.dcb.bdcb..  ................
.....db.........  ..dcb......cb...  ...........dcb..  ..bb..dcb...bb..  ................
....cb..........  ..cb........b...  ............cb..  .......bb.......  ................
""")


def lightning(canvas, bolt, light, cloud, aura, glimmer):
    canvas.paste(LIGHTNING[bolt], light)
    canvas.outline()
    if cloud != "none" and bolt != "ball":
        canvas.stamp(LIGHTNING["cloud"], cloud, at=(1, 0))
    around(canvas, aura, glimmer)


ORBS = variants("""
ball              claws           plinth          cushion         ring
......cccb......  .cb........ba.  ..............  ..............  ..............
....ccdccccb....  .dcb......cba.  ...dcccccba...  .cdccccccccba.  ..dcccccccbb..
...cddcccccbb...  ..dccbbbbcba..  ....ccbbba....  dcccbccccbccba  ...bbbbbbba...
...cdcccccbbb...  ....dccbba....  ..ddccccbbba..  ccccccccccbbba  ...cb.ca.ba...
..ccdccccccbbb..  ...dccbbbaa...  ..cbbbbbbaaa..  .cbbbbbbbbbba.  ..cb..ca..ba..
..cdccccccccbb..  ..............  ..............  ..............  ..............
..cccccccccbbb..  ..............  ..............  ..............  ..............
..ccccccccbbba..  ..............  ..............  ..............  ..............
...cccccbbbba...  ..............  ..............  ..............  ..............
...bcccbbbbaa...  ..............  ..............  ..............  ..............
....bbbbbaaa....  ..............  ..............  ..............  ..............
......aaaa......  ..............  ..............  ..............  ..............
""")


def crystal_ball(canvas, glass, vision, light, stand, metal):
    canvas.paste(ORBS["ball"], glass, at=(1, 0))
    canvas.outline()
    canvas.paste(RUNES[vision], bright(light), at=(4, 5))
    canvas.stamp(ORBS[stand], metal, at=(10, 1))


RUNE_STONES = variants("""
tall              pebble            slab              shard             crack           moss
......cccc......  ................  ..ccccccccccbb..  .........cc.....  ............#.  ..............
....ccddccbb....  .....cccccb.....  .cddddccccccccb.  .......ccdcb....  ...........##.  ..............
...cddccccbbb...  ...ccdddcccbb...  .cdccccccccccba.  .....ccddccb....  ..............  ..............
...cdccccccbb...  ..cddcccccccbb..  .cdccccccccccba.  ....cddccccbb...  ..............  ..............
...cccccccbbb...  ..cdcccccccccb..  .ccccccccccccba.  ...cddccccccb...  ..............  ..............
..ccccccccbbba..  .ccccccccccccbb.  .ccccccccccccba.  ...cdccccccbb...  ..............  ..............
..cdcccccccbba..  .cdccccccccccbb.  .ccccccccccccba.  ..ccdcccccccbb..  ..............  ..............
..cccccccccbba..  .ccccccccccccbb.  .ccccccccccccba.  ..cdccccccccbb..  ..............  ............c.
..ccccccccbbba..  .cccccccccccbba.  .ccccccccccccba.  ..ccccccccccbb..  ..............  ...........cb.
..cccccccccbba..  .ccccccccccbbba.  .cccccccccccbba.  ..cccccccccbba..  .#............  ..........ccb.
..cccccccccbba..  ..bccccccbbbba..  .cccccccccccbba.  ...ccccccccbba..  .##...........  .cc......ccbb.
..ccccccccbbaa..  ..bbbcccbbbbaa..  .bccccccccbbbba.  ...bcccccbbba...  ...#..........  .cbcc...ccbb..
.ccbccccbbbbaaa.  ...bbbbbbbaaa...  .bbbbbbbbbbbbaa.  ....bbcccbba....  ..............  ..............
.bbbbbbbbaaaaaa.  .....aaaaaa.....  ..aaaaaaaaaaaa..  ......bbaaa.....  ..............  ..............
""")


def rune_stone(canvas, shape, stone, rune, light, wear, aura):
    canvas.paste(RUNE_STONES[shape], stone, at=(1, 0))
    canvas.paste_inside(RUNE_STONES[wear], "green", at=(1, 1))
    canvas.outline()
    canvas.paste(RUNES[rune], bright(light), at=(5, 5))
    around(canvas, aura, light)


CRYSTALS = variants("""
cluster           single            shards            spike             rock              mound
................  ................  ................  ................  ...cc......cb...  ................
.......dc.......  .......dc.......  ...d............  .........dc.....  .ccccbcc.ccccbb.  ....cccccccc....
......ddcb......  ......ddcb......  ...dc.......d...  ........ddb.....  .cccbbccccbbbba.  ..ccdddccccbbb..
......ddcb..c...  .....dddccb.....  ...dcb.....dc...  .......ddcb.....  ..bbaabbbbaaaa..  ..bbbbbbbbbbbb..
..d...ddcb.dcb..  ....ddddcccb....  ...dcb....ddb...  .......dcb......  ................  ................
.ddb..ddcb.dcb..  ....ddddcccb....  ....dcb...dcb.d.  ..d...ddcb......  ................  ................
.ddcb.ddcbddcb..  ....dccccbbb....  .d..dcb..ddcbdc.  ..dc..dccb..dc..  ................  ................
.ddcb.ddcbdcba..  ....dcccbbba....  .dc.dccb.dcbdcb.  ..dcb.dcb..ddb..  ................  ................
..dccbddcbdcba..  ....dcccbbba....  .dcb.dcb.dcbdcb.  ...dcddcb.ddcb..  ................  ................
..ddcbddcbdcb...  ....dcccbbba....  ..dcbdcbddcbcb..  ...dccdcbddcb...  ................  ................
...dcbddcbcba...  ....dcccbbba....  ..dccbdcdcbdcb..  ....dcdcbdcba...  ................  ................
...dccddcbcba...  .....dccbba.....  ...dcbdccbbcb...  ....dccbbdcb....  ................  ................
....dcdccbba....  .....dccbba.....  ...ddccdcbcba...  .....dccbcba....  ................  ................
....bbcbbbaa....  ......dcba......  ....ddccbbba....  .....dccbba.....  ................  ................
.....bbaaaa.....  .......ba.......  .....bbbaaa.....  ......bbaa......  ................  ................
""")


def crystal(canvas, shape, colour, ground, earth, aura, light):
    canvas.paste(CRYSTALS[shape], colour)
    canvas.outline()
    canvas.stamp(CRYSTALS[ground], earth, at=(11, 0))
    around(canvas, aura, light)


TOMES = variants("""
closed            open              corners   clasp     bands       text      picture   glyphs
..bacccccccccc..  ..ggggg..ggggg..  ......cc  ........  ddccccccbb  bbb..bbb  bbb...b.  b.b..bb.
..badccccccccb..  .bghhhhgghhhhgb.  .......c  ........  ..........  ........  ........  .b....bb
..badcbbbbbbbb..  .bghhhhfghhhhgb.  ........  ........  ..........  bb...bbb  bb...bbb  b.b..bb.
..bacbbbbbbbbb..  .bghhhhfghhhhgb.  ........  ........  ..........  ........  .....bbb  ........
..bacbbbbbbbbb..  .bghhhhfghhhhfb.  ........  .....dcc  ..........  bbb..bb.  bbb...b.  bbb..bbb
..bacbbbbbbbbb..  .bghhhgfghhhgfb.  ........  .....cbb  ..........  ........  ........  ........
..bacbbbbbbbbb..  .bgfffffefffffb.  ........  .....bba  ..........  ........  ........  ........
..bacbbbbbbbbb..  .bbbbbaaaabbbbb.  ........  ........  ..........  ........  ........  ........
..bacbbbbbbbbb..  ................  ........  ........  ..........  ........  ........  ........
..bacbbbbbbbba..  ................  .......b  ........  ccbbbbbbaa  ........  ........  ........
..bacbbbbbbbaa..  ................  ......bb  ........  ..........  ........  ........  ........
..b#hhhggggggf..  ................  ........  ........  ..........  ........  ........  ........
..bagffffffffe..  ................  ........  ........  ..........  ........  ........  ........
...aaaaaaaaaaa..  ................  ........  ........  ..........  ........  ........  ........
""")


def tome(canvas, cover, pages, fitting, metal, emblem, foil):
    canvas.paste(TOMES["closed"], cover, pages, at=(1, 0))
    if fitting == "corners":
        canvas.paste(TOMES["corners"], metal, at=(1, 6))
        canvas.paste("cc\nc.", metal, at=(1, 4))
        canvas.paste("b.\nbb", metal, at=(10, 4))
    elif fitting == "clasp":
        canvas.paste(TOMES["clasp"], metal, at=(2, 6))
    elif fitting == "bands":
        canvas.paste(TOMES["bands"], metal, at=(2, 4))
    canvas.outline()
    canvas.paste(RUNES[emblem], bright(foil), at=(3, 5) if fitting == "clasp" else (4, 6))


def open_tome(canvas, cover, pages, lines, inkwell, spell, light):
    canvas.paste(TOMES["open"], cover, pages, at=(7, 0))
    canvas.outline()
    canvas.paste(TOMES[lines], inkwell, at=(8, 4))
    canvas.paste(RUNES[spell], light, at=(0, 5))
    around(canvas, "motes", light)


WANDS = variants("""
stick       grip
........cb  ..cc.
.......cb.  .dcb.
......cb..  dcb..
.....cb...  cb...
....cb....  .....
...cb.....  .....
..cb......  .....
.cb.......  .....
cb........  .....
b.........  .....
""")


def wand(canvas, tip, colour, wood, grip, aura, light):
    canvas.paste(WANDS["stick"], wood, at=(5, 1))
    if grip != "none":
        canvas.paste(WANDS["grip"], grip, at=(11, 1))
    canvas.outline()
    canvas.stamp(CHARMS[tip], colour, at=(1, 7))
    around(canvas, aura, light)


AMULETS = variants("""
links             cord              cap       wings
.....bcbcbc.....  ....cccccccc....  ..dccb..  .cb......cb.
...cb......bc...  ...c........b...  .c....b.  .dccb..cccb.
..b..........b..  ..c..........b..  ........  ..dccccccb..
..c..........c..  ..c..........b..  ........  ...dc..cb...
..b..........b..  ..c..........b..  ........  ............
...c........c...  ...c........b...  ........  ............
....b......b....  ....c......b....  ........  ............
.....c....c.....  .....b....b.....  ........  ............
""")


def amulet(canvas, chain, metal, charm, gem, setting, aura):
    canvas.paste(AMULETS[chain], metal, at=(1, 0)).outline()
    if setting == "wings":
        canvas.stamp(AMULETS["wings"], metal, at=(7, 2))
    canvas.stamp(CHARMS[charm], gem, at=(7, 4))
    if setting == "cap":
        canvas.stamp(AMULETS["cap"], metal, at=(6, 4))
    around(canvas, aura, gem)


RINGS = variants("""
band              round     cut       square    heart     flower    prongs
......ccbb......  ..cddc..  .dddccb.  .cccccb.  .dc..cb.  ..c.cb..  c......b
...ccdcbbbbbb...  .cdcccb.  ddcccbbb  .cddccb.  dccccccb  .cddccb.  cc....ba
..cdc......bbb..  .ccccbb.  .dccbba.  .cdccbb.  .cccccb.  .ccwwbb.  ........
..cc........bb..  .bccbba.  ..dcba..  .ccbbba.  ..cccb..  .bcwwba.  ........
..cc........ba..  ..bbba..  ...ba...  .bbbbaa.  ...bb...  ..b.ba..  ........
..cc........ba..  ........  ........  ........  ........  ........  ........
..cb........ba..  ........  ........  ........  ........  ........  ........
..bcb......bba..  ........  ........  ........  ........  ........  ........
...bccbbbbbba...  ........  ........  ........  ........  ........  ........
....bbbbbbaa....  ........  ........  ........  ........  ........  ........
""")


def ring(canvas, metal, cut, gem, sides, aura):
    canvas.paste(RINGS["band"], metal, at=(5, 0))
    if sides == "prongs":
        canvas.paste(RINGS["prongs"], metal, at=(4, 4))
    elif sides == "beads":
        canvas.paste("cb........cb\ncb........ba", gem, at=(8, 2))
    canvas.outline()
    canvas.stamp(RINGS[cut], gem, at=(1, 4))
    around(canvas, aura, gem)


BUBBLE = """
.....bbbbbb.....
...bbccccccbb...
..bcddcccccccb..
..bddcccccccab..
.bcdcccccccccab.
.bcdcccccccccab.
.bccccccccccccb.
.bccccccccccccb.
.bcccccccccccab.
.bccccccccccdab.
..bcccccccccdb..
..baccccccddab..
...bbaacaaabb...
.....bbbbbb.....
"""


def bubble(canvas, film, charm, colour, aura, light):
    canvas.paste(BUBBLE, pale(film), at=(1, 0))
    canvas.outline()
    canvas.paste(CHARMS[charm], colour, at=(4, 4))
    around(canvas, aura, light)


SHIELDS = variants("""
heater            round             hex
..ggggggggggff..  .....ggggff.....  .......gf.......
..gdccccccccbf..  ...gggccccff....  .....ggccff.....
..gcccccccccbf..  ..ggdccccccbff..  ...ggdccccbff...
..gcccccccccbf..  ..gdccccccccbf..  .ggdccccccccbff.
..gccccccccbbf..  .ggccccccccccff.  .gdccccccccccbf.
..gccccccccbbf..  .gdcccccccccbbf.  .gcccccccccccbf.
..gcccccccbbbf..  .gccccccccccbbf.  .gcccccccccccbf.
..gcccccccbbbe..  .gccccccccccbbf.  .gccccccccccbbf.
...gccccbbbbe...  .ggcccccccccbfe.  .gccccccccccbbf.
...gcccbbbbae...  .ffcccccccbbbee.  .gcccccccccbbbe.
....gccbbbae....  ..fcccccbbbbae..  .ffcccccccbbaee.
.....gcbbae.....  ..ffbbbbbbbaee..  ...ffccbbbaee...
......gfee......  ....ffbbbbee....  .....ffbaee.....
.......ee.......  .....ffeeee.....  .......fe.......
""")


def ward(canvas, shape, field, rim, emblem, light):
    canvas.paste(SHIELDS[shape], field, rim, at=(1, 0))
    canvas.outline()
    canvas.paste(RUNES[emblem], bright(light), at=(4, 5))


ARROWS = variants("""
shaft             streaks           barbed   spear    star     long     short
................  ................  .dddddd  ....ddd  .d...d.  ..cc...  .......
................  ................  ..dcccb  ..ddccc  .cd.dc.  .cc..b.  .cc....
................  ................  ...dccb  .ddcccb  ..dccc.  cc..bb.  cc..b..
................  ................  ..dcbcb  .dccccb  .ddccbb  c..bb..  c..bb..
..........cb....  ....b...........  .dcb.bb  .dcccb.  ..cccb.  ..bb...  ..bb...
.........cb.....  ...b............  .......  ..bbb..  .cb.bc.  ..b....  .......
........cb......  ..b.....b.......  .......  .......  .b...b.  .......  .......
.......cb.......  .b.....b........  .......  .......  .......  .......  .......
......cb........  ......b.........  .......  .......  .......  .......  .......
.....cb.........  .....b......b...  .......  .......  .......  .......  .......
....cb..........  ...........b....  .......  .......  .......  .......  .......
...cb...........  ......b...b.....  .......  .......  .......  .......  .......
..cb............  .....b...b......  .......  .......  .......  .......  .......
................  ....b...........  .......  .......  .......  .......  .......
""")


def arrow(canvas, head, energy, wood, feathers, vanes, trail):
    canvas.paste(ARROWS["shaft"], wood)
    canvas.paste(ARROWS[feathers], vanes, at=(9, 1))
    canvas.paste(ARROWS[head], energy, at=(1, 8))
    canvas.outline()
    if trail == "streaks":
        canvas.paste_behind(ARROWS["streaks"], energy)
    else:
        around(canvas, trail, energy)


SKULLS = variants("""
skull             teeth     open      stitched  dots      burning   narrow
.....cccccc.....  ccxcxcxb  cxcxcxcb  cbcbcbcb  ........  ........  c......c
...ccddccccbb...  cbxbxbxa  bxxxxxxa  bxxxxxxa  .c....c.  .cc..cc.  .cc..cc.
..cddccccccccb..  ........  .cbbbba.  .bbbbba.  ........  .bc..cb.  ........
..cdcccccccccb..  ........  ........  ........  ........  ........  ........
..cccccccccccb..  ........  ........  ........  ........  ........  ........
..ccxxxccxxxcb..  ........  ........  ........  ........  ........  ........
..ccxxxccxxxcb..  ........  ........  ........  ........  ........  ........
..bcxxxccxxxbb..  ........  ........  ........  ........  ........  ........
...bcccxxccbb...  ........  ........  ........  ........  ........  ........
....ccccccbb....  ........  ........  ........  ........  ........  ........
""")
CROWNS = variants("""
fire              horns             crown
................  ................  ................
....b.....b.....  .ff..........fe.  ................
...bb..b..bb....  .gf..........fe.  ...g...gg...g...
...bfbbbbbfb.b..  .gff........ffe.  ...gf..gf..gf...
.b.bffbfbfffbb..  .ggff......fffe.  ...ggfggffgff...
.bbbfjffffjfbbb.  ..gfff....fffe..  ...ggggffffee...
..bffjjfffjjffb.  ...gf......fe...  ....ffffeee.....
..bfjjkjfjkjjfb.  ................  ................
""")


def skull_curse(canvas, bone, jaw, pupils, glow, crown, fire):
    canvas.paste(SKULLS["skull"], bone, at=(3, 0))
    canvas.paste(SKULLS[jaw], bone, at=(13 if jaw == "teeth" else 12, 4))
    canvas.outline()
    canvas.paste(SKULLS[pupils], bright(glow), at=(8, 4))
    if crown == "fire":
        canvas.stamp(CROWNS["fire"], *FIRES[fire])
    else:
        canvas.stamp(CROWNS[crown], glow, "gold" if crown == "crown" else "brown")


CAULDRONS = variants("""
pot               fire              feet              drip
.hggggggggggffe.  .f..f......f..f.  ................  cb
.gccccccccccbbe.  .gffg.f..fgff.g.  ...ff......ee...  cb
..ffffffffffee..  .gkkgfgffgkkgkg.  ...fe......ee...  b.
...eeeeeeeeee...  ................  ................  ..
..ggfffffffffe..  ................  ................  ..
.ghgffffffffeee.  ................  ................  ..
.ghgffffffffeee.  ................  ................  ..
.ggfffffffffeee.  ................  ................  ..
..gfffffffeeee..  ................  ................  ..
...ffffeeeeee...  ................  ................  ..
""")
BREWS = variants("""
bubbles           froth             steam             splash
................  ................  ................  ................
....cb...dc.....  .....dcb........  .....cc...cc....  ..dc...dc..dc...
...dccb..cb.....  ...dccccb.dcb...  ....cc...cc.....  ..cb...cb..cb...
...cccb..dcb....  ..dccccccdcccb..  ....cb...cb.....  .....dc.........
....bb.dcccb....  ..cccbccccccccb.  .....cb...cb....  ....dccb.dccb...
.....dccbcbccb..  .dccccbcccbcccb.  ....cb...cb.....  ....ccccccccb...
""")


def cauldron(canvas, brew, mix, metal, under, fire, drips):
    canvas.paste(CAULDRONS["pot"], mix, metal, at=(4, 0))
    canvas.paste(CAULDRONS[under], *((mix, metal) if under == "feet" else FIRES[fire]), at=(12, 0))
    if brew != "steam":
        canvas.paste(BREWS[brew], mix)
    canvas.outline()
    if brew == "steam":
        canvas.paste_behind(BREWS[brew], mix)
    for side in {"none": (), "left": (3,), "right": (10,), "both": (4, 10)}[drips]:
        canvas.paste(CAULDRONS["drip"], mix, at=(6, side))


CIRCLES = variants("""
seal              triangle    star        diamond     spark       eye
.....gggggg.....  ....cc....  ....cc....  ....cc....  ....cc....  ....cc....
...gggbbbbggf...  ....cc....  ....cc....  ...cccc...  ....cc....  ..........
..ggbbbbbbbbff..  ...c..c...  ...cccc...  ..cc..cc..  ...cccc...  ..cccccc..
..gbbbbbbbbbbf..  ...c..c...  cccccccccc  .cc.cc.cc.  ...cccc...  .c..cc..c.
.ggbbbbbbbbbbff.  ..c....c..  .cccccccc.  cc.cccc.cc  cccccccccc  c..cccc..c
.gbbbbbbbbbbbbf.  ..c.cc.c..  ..cccccc..  cc.cccc.cc  cccccccccc  c..cccc..c
.gbbbbbbbbbbbbf.  .c..cc..c.  ..cccccc..  .cc.cc.cc.  ...cccc...  .c..cc..c.
.gbbbbbbbbbbbbf.  .c......c.  .cccccccc.  ..cc..cc..  ...cccc...  ..cccccc..
.gbbbbbbbbbbbbf.  cccccccccc  .ccc..ccc.  ...cccc...  ....cc....  ..........
.ggbbbbbbbbbbff.  ..........  ..........  ....cc....  ....cc....  ....cc....
..gbbbbbbbbbbf..  ..........  ..........  ..........  ..........  ..........
..gfbbbbbbbbff..  ..........  ..........  ..........  ..........  ..........
...gffbbbbfff...  ..........  ..........  ..........  ..........  ..........
.....ffffff.....  ..........  ..........  ..........  ..........  ..........
""")
NODES = {
    "cardinal": ((1, 7), (7, 1), (7, 13), (13, 7)),
    "corner": ((3, 3), (3, 11), (11, 3), (11, 11)),
}


def magic_circle(canvas, figure, floor, light, nodes, gem):
    canvas.paste(CIRCLES["seal"], floor, light, at=(1, 0))
    canvas.outline()
    canvas.paste(CIRCLES[figure], bright(light), at=(3, 3))
    for spot in NODES.get(nodes, ()):
        canvas.paste("dc\ncb", bright(gem), at=spot)


PORTALS = variants("""
arch              ring              pillars           spiral    rings     starry    slit
.....oonnnn.....  .....oooonn.....  .ooom......onnm.  ..bbbb..  ..bbbb..  ..bbbb..  ..bbbb..
...ooonnnnnnm...  ....oonnnnnm....  .oonooooooonnmm.  .bffffb.  .bffffb.  .bbbkbb.  .bbffbb.
..oonnnnnnnnnm..  ...oonnnnnnnm...  ..nnnnnnnnnnnm..  bffbbffb  bffffffb  bbbbbbbb  bbfjjfbb
..onnnnnnnnnnm..  ..oonnnnnnnnnm..  ..onnnnnnnnnnm..  bfbbbbfb  bffjjffb  bkbffbbb  bffjjffb
.oonnnnnnnnnnmm.  ..onnnnnnnnnnm..  ..onnnnnnnnnnm..  bfbjjjfb  bfjkkjfb  bbffjfbb  bfj##jfb
.onnnnnnnnnnnnm.  ..onnnnnnnnnnm..  ..onnnnnnnnnnm..  bfbjkjfb  bfjkkjfb  bbfjffkb  bfj##jfb
.onnnnnnnnnnnnm.  ..onnnnnnnnnnm..  ..onnnnnnnnnnm..  bfbbbjfb  bffjjffb  bbbffbbb  bffjjffb
.onnnnnnnnnnnnm.  ..onnnnnnnnnnm..  ..onnnnnnnnnnm..  bffbbjfb  bffffffb  bbkbbbbb  bbfjjfbb
.onnnnnnnnnnnnm.  ..onnnnnnnnnnm..  ..onnnnnnnnnnm..  .bfjjfb.  .bffffb.  .bbbbkb.  .bbffbb.
.onnnnnnnnnnnnm.  ..onnnnnnnnnnm..  ..onnnnnnnnnnm..  ..bbbb..  ..bbbb..  ..bbbb..  ..bbbb..
.onnnnnnnnnnnnm.  ..nnnnnnnnnnmm..  ..onnnnnnnnnnm..  ........  ........  ........  ........
.onnnnnnnnnnnnm.  ...nnnnnnnnmm...  ..onnmmmmmmnnm..  ........  ........  ........  ........
.oonnmmmmmmnnmm.  ....nnnnnnmm....  .ooonmmmmmmonmm.  ........  ........  ........  ........
.nnnmmmmmmmmmmm.  .....mmmmmm.....  .nnmmmmmmmmmmmm.  ........  ........  ........  ........
""")
HOLE = str.maketrans("bfjk", "####")


def portal(canvas, gate, frame, swirl, fire, aura):
    canvas.paste(PORTALS[gate], *FIRES[fire], frame, at=(1, 0))
    canvas.outline()
    window = PORTALS[swirl]
    for step in ((-1, 0), (1, 0), (0, -1), (0, 1)):
        canvas.paste(window.translate(HOLE), at=(3 + step[0], 4 + step[1]))
    canvas.paste(window, *FIRES[fire], at=(3, 4))
    around(canvas, aura, FIRES[fire][1])


TORNADOES = variants("""
left              right             straight          leaves            dust              sparks
..cddddddddccb..  ..cddddddddccb..  ..cddddddddccb..  ................  ................  ................
.cccccccccccccb.  .cccccccccccccb.  .ccccccccccccbb.  ................  ................  ................
.bbbbbbbbbbbbba.  .bbbbbbbbbbbbba.  ..bbbbbbbbbbba..  ................  ................  ................
...cdddddccccb..  ..cdddddccccb...  ...cddddddccb...  ................  ................  ................
...bcccccccbb...  ...bcccccccbb...  ...bccccccbba...  .cc.............  .c..............  ................
....abbbbbba....  ....abbbbbba....  ....abbbbbaa....  .cb...........cc  ..............c.  .d...........d..
.....cdddccb....  ....cdddccb.....  ....cddddccb....  ..............cb  ..b.............  .............c..
.....bcccbb.....  .....bcccbb.....  ....bccccbba....  ..cc............  ............b...  .............b..
......abba......  ......abba......  .....abbbaa.....  .ccb........cc..  .c..............  ..d.............
.....cdccb......  ......cdccb.....  .....cddccb.....  ............bc..  ...........c....  ..cb........dc..
.....bccb.......  .......bccb.....  .....bcccba.....  ................  ..b..........b..  .............b..
....cdcb........  ........cdcb....  ......abba......  .............cc.  ............c...  ................
....bcb.........  .........bcb....  ......cdcb......  ..cc.........cb.  .cc..........cc.  .dc..........d..
.....b..........  ..........b.....  .......ba.......  ..cb............  ccbb........ccbb  ..b..........c..
""")


def tornado(canvas, funnel, wind, face, debris, litter):
    canvas.paste(TORNADOES[funnel], wind, at=(1, 0))
    canvas.outline()
    canvas.paste(FACES[face], at=(1, 5))
    canvas.paste_behind(TORNADOES[debris], litter, at=(1, 0))


STARS = variants("""
star        stream
....dc....  ................
....cc....  ................
...dccb...  ................
ddddccbbbb  ................
.dcccccbb.  ................
..dccccb..  ................
..dccccb..  ......bbb.......
.dcccccbb.  ....bbbfff......
.dcbaabcb.  ...bbfffff......
.ba....aa.  .bbbffffjjj.....
..........  ..bbffjjjjj.....
..........  .bbffjjjjj......
..........  .bffjjjjj.......
..........  .bffjjj.........
..........  .bbfj...........
""")


def shooting_star(canvas, colour, stream, face, heading, aura):
    canvas.paste(STARS["stream"], *FIRES[stream])
    canvas.outline()
    canvas.stamp(STARS["star"], colour, at=(1, 5))
    if face != "none":
        canvas.paste({"eyes": "x..x\nx..x", "smile": "x..x\nx..x\n.xx."}[face], at=(5, 8))
    around(canvas, aura, colour)
    if heading == "left":
        canvas.mirror()


GLOWS = ["amber", "lime", "cyan", "blue", "magenta", "pink"]
GLIMMERS = ["amber", "cyan", "pink"]
AURAS = ["none", "stars", "motes", "glow"]
KINDS = {
    "potion": Kind(
        potion,
        weight=2.0,
        bottle=["round", "cone", "vial", "square", "diamond"],
        liquid=GEMS,
        fill=["full", "half", "layered"],
        stopper=["cork", "cap", "bead"],
        plug=["tan", "brown", "gold", "steel"],
        label=["none", "bubbles", "skull", "heart", "plus", "drop"],
        ink=COLD_PLUM_INKS,
    ),
    "scroll": Kind(
        scroll,
        sheet=["straight", "torn"],
        paper=PAPERS,
        rods=["brown", "chestnut", "gold", "crimson", "navy"],
        rune=["writing", *RUNES],
        dye=["crimson", "black", "blue", "purple", "forest", "chestnut"],
        seal=["none", "red", "blue", "purple", "green"],
        ink=WARM_INKS,
    ),
    "rolled scroll": Kind(
        rolled_scroll,
        weight=0.7,
        paper=PAPERS,
        ribbon=["band", "bow", "wide"],
        cloth=["red", "blue", "green", "purple", "teal", "magenta"],
        seal=["none", "gold", "crimson", "navy"],
        aura=AURAS,
        light=GLOWS,
        ink=WARM_INKS,
    ),
    "flame": Kind(
        flame,
        shape=["tall", "curl", "wild"],
        fire=list(FIRES),
        base=["none", "logs", "bowl", "stones"],
        fuel=["brown", "chestnut", "grey", "iron", "bronze"],
        face=["none", *FACES],
        ink=WARM_PLUM_INKS,
    ),
    "fireball": Kind(
        fireball,
        shape=list(BALL_TAILS),
        fire=list(FIRES),
        face=["none", "eyes", "gasp"],
        heading=["right", "left"],
        aura=AURAS,
        ink=WARM_PLUM_INKS,
    ),
    "meteor": Kind(
        meteor,
        rock=["round", "jagged", "crystal"],
        stone=["grey", "iron", "brown", "steel", "black", "tan"],
        fire=list(FIRES),
        heading=["left", "right"],
        aura=["none", "stars", "motes"],
        ink=WARM_PLUM_INKS,
    ),
    "lightning": Kind(
        lightning,
        bolt=["classic", "forked", "strike", "ball"],
        light=["yellow", "amber", "cyan", "blue", "pink", "magenta", "lime", "purple", "mithril"],
        cloud=["none", "white", "grey", "steel", "black"],
        aura=AURAS,
        glimmer=GLIMMERS,
        ink=COLD_PLUM_INKS,
    ),
    "crystal ball": Kind(
        crystal_ball,
        glass=["cyan", "blue", "indigo", "purple", "magenta", "teal", "green", "mithril", "crimson"],
        vision=["none", *RUNES],
        light=["yellow", "cyan", "pink", "white"],
        stand=["claws", "plinth", "cushion", "ring"],
        metal=["gold", "bronze", "steel", "brown", "crimson", "navy"],
        ink=PLUM_INKS,
    ),
    "rune stone": Kind(
        rune_stone,
        shape=["tall", "pebble", "slab", "shard"],
        stone=STONES,
        rune=list(RUNES),
        light=["amber", "red", "lime", "cyan", "blue", "magenta"],
        wear=["none", "crack", "moss"],
        aura=["none", "motes", "glow"],
        ink=["night", "umber", "moss"],
    ),
    "crystal": Kind(
        crystal,
        shape=["cluster", "single", "shards", "spike"],
        colour=[*GEMS, "mithril"],
        ground=["none", "rock", "mound"],
        earth=["grey", "iron", "brown", "white", "forest"],
        aura=AURAS,
        light=GLIMMERS,
        ink=COLD_PLUM_INKS,
    ),
    "tome": Kind(
        tome,
        cover=["crimson", "brown", "forest", "teal", "navy", "indigo", "purple", "black", "chestnut"],
        pages=["sand", "white", "tan"],
        fitting=["none", "corners", "clasp", "bands"],
        metal=["gold", "steel", "copper"],
        emblem=list(RUNES),
        foil=["amber", "cyan", "pink", "grey"],
        ink=WARM_INKS,
    ),
    "open tome": Kind(
        open_tome,
        cover=["crimson", "brown", "forest", "navy", "purple", "black"],
        pages=["sand", "white"],
        lines=["text", "picture", "glyphs"],
        inkwell=["brown", "navy", "grey"],
        spell=list(RUNES),
        light=["red", "orange", "green", "teal", "blue", "purple", "magenta"],
        ink=WARM_INKS,
    ),
    "wand": Kind(
        wand,
        tip=["star", "heart", "gem", "orb", "drop"],
        colour=["yellow", "red", "pink", "magenta", "purple", "blue", "cyan", "lime"],
        wood=["brown", "chestnut", "black", "white", "gold"],
        grip=["none", "gold", "crimson", "navy", "steel"],
        aura=AURAS,
        light=GLIMMERS,
        ink=WARM_PLUM_INKS,
    ),
    "amulet": Kind(
        amulet,
        chain=["links", "cord"],
        metal=METALS,
        charm=list(CHARMS),
        gem=GEMS,
        setting=["none", "cap", "wings"],
        aura=AURAS,
        ink=PLUM_INKS,
    ),
    "ring": Kind(
        ring,
        metal=METALS,
        cut=["round", "cut", "square", "heart", "flower"],
        gem=GEMS,
        sides=["none", "prongs", "beads"],
        aura=AURAS,
        ink=PLUM_INKS,
    ),
    "bubble": Kind(
        bubble,
        film=["cyan", "blue", "purple", "pink", "lime", "amber", "teal"],
        charm=list(CHARMS),
        colour=["red", "yellow", "lime", "blue", "purple", "magenta"],
        aura=["none", "glow"],
        light=GLIMMERS,
        ink=COLD_PLUM_INKS,
    ),
    "ward": Kind(
        ward,
        shape=list(SHIELDS),
        field=["crimson", "forest", "teal", "blue", "navy", "indigo", "purple", "black"],
        rim=["gold", "steel", "bronze", "mithril"],
        emblem=list(RUNES),
        light=["yellow", "cyan", "pink", "white"],
        ink=PLUM_INKS,
    ),
    "arrow": Kind(
        arrow,
        head=["barbed", "spear", "star"],
        energy=["yellow", "orange", "red", "magenta", "purple", "blue", "cyan", "lime"],
        wood=["brown", "black", "white", "gold"],
        feathers=["long", "short"],
        vanes=["red", "blue", "green", "white", "purple", "amber"],
        trail=["none", "streaks", "stars", "motes"],
        ink=WARM_COLD_INKS,
    ),
    "skull curse": Kind(
        skull_curse,
        bone=["white", "sand", "grey", "mithril"],
        jaw=["teeth", "open", "stitched"],
        pupils=["dots", "burning", "narrow"],
        glow=["red", "amber", "lime", "cyan", "magenta"],
        crown=["none", *CROWNS],
        fire=list(FIRES),
        ink=["night", "plum", "umber"],
    ),
    "cauldron": Kind(
        cauldron,
        brew=list(BREWS),
        mix=GEMS,
        metal=["black", "iron", "steel", "copper", "bronze"],
        under=["none", "fire", "feet"],
        fire=["fire", "ghost", "venom", "arcane"],
        drips=["none", "left", "right", "both"],
        ink=WARM_INKS,
    ),
    "magic circle": Kind(
        magic_circle,
        figure=["triangle", "star", "diamond", "spark", "eye"],
        floor=["navy", "indigo", "purple", "crimson", "forest", "black", "teal"],
        light=["amber", "lime", "cyan", "pink", "magenta", "grey"],
        nodes=["none", *NODES],
        gem=["red", "amber", "green", "cyan", "purple"],
        ink=COLD_INKS,
    ),
    "portal": Kind(
        portal,
        gate=["arch", "ring", "pillars"],
        frame=["grey", "iron", "tan", "brown", "gold", "forest"],
        swirl=["spiral", "rings", "starry", "slit"],
        fire=list(FIRES),
        aura=["none", "motes"],
        ink=WARM_PLUM_INKS,
    ),
    "tornado": Kind(
        tornado,
        funnel=["left", "right", "straight"],
        wind=["grey", "steel", "mithril", "cyan", "blue", "purple", "lime", "sand", "pink"],
        face=["none", *FACES],
        debris=["none", "leaves", "dust", "sparks"],
        litter=["green", "amber", "brown", "magenta", "blue"],
        ink=COLD_PLUM_INKS,
    ),
    "shooting star": Kind(
        shooting_star,
        colour=["yellow", "amber", "pink", "cyan", "lime", "white", "purple"],
        stream=list(FIRES),
        face=["none", "eyes", "smile"],
        heading=["right", "left"],
        aura=["none", "stars", "glow"],
        ink=COLD_PLUM_INKS,
    ),
}
