"""Side-facing: people in profile, walking to the right."""

from .pixels import COLD_INKS, MOSS_INKS, PLUM_INKS, WARM_INKS, Kind, variants


def placed(text):
    """{name: (part, (row, column))} of variants whose names say where they are put: `name:row,column`."""
    named = ((name.split(":"), part) for name, part in variants(text).items())
    return {name: (part, tuple(int(n) for n in at.split(","))) for (name, at), part in named}


# Everything above the hips is drawn for a person with the head in columns 4 to 10 and the nose in column 11.
# In the two strides it drops by one row.
DROP = {"near": 1, "pass": 0, "far": 1, "stand": 0}
FRAMES = list(DROP)

# Letters: skin.
HEAD = """
.bcccc..
ccccccc.
cccdddc.
cccccxc.
bccbcxcc
.bbbccb.
"""

# Letters: hair. All are put at (1, 2).
HAIR = variants("""
short        spiky        ponytail     long         bun          bob          topknot
....cccc...  .c.cc.cc...  ....cccc...  ....cccc...  .cc.ccc....  ....cccc...  ....cc.....
...cdddccb.  .ccccdcccc.  ...cddccbb.  ...cddccbb.  cddccccbb..  ...cdddccb.  ...bccb....
..cdcccccbb  ..cddccccbb  .##ddcccbbb  ..cddcccbbb  cccbcccccb.  ..cddccccbb  ....ccc....
..ccccccb..  .ccccccb.b.  cc#cccccb..  ..cdcccbb..  .bbcccccbb.  ..cdcccccb.  ..cddcc....
..bccb.....  .bbcccb....  cdc#cb.....  ..cccbb....  ..cccbb....  ..ccccb....  ..ccb......
..bbb......  ..bbbb.....  .cb#b......  ..cccb.....  ..bbb......  ..ccccb....  ..bbb......
...aa......  .bb.a......  .cb#a......  .ccbb......  ...aa......  ..bbbba....  ...aa......
...........  ...........  .bb........  .ccbb......  ...........  ...aaa.....  ...........
...........  ...........  .ba........  .cbba......  ...........  ...........  ...........
...........  ...........  ...........  ..ba.......  ...........  ...........  ...........
""")

# Letters: hair. All are put at (6, 6).
BEARD = variants("""
short   full    long    moustache
b.....  b.....  b.....  ......
bcccbb  bccccb  bccccb  ...bdb
.bbbb.  bbcccb  .ccccb  ......
......  .bbbb.  ..cccb  ......
......  ......  ..bccb  ......
......  ......  ...cb.  ......
""")

# Letters: trousers, boots. Rows 11 to 14 from column 2; the far leg is darker.
LEGS = variants("""
near          pass          far           stand
............  ...dcccb....  ............  ...dcccb....
...bbbcccb..  ...acccb....  ...dccbba...  ...ccabb....
..abb..dccb.  .eaa.ccb....  ..dcc..aba..  ...ccabb....
.eee....ggff  .ee..gggf...  .ggf....eee.  ...gggeff...
""")

# Letters: robe, shoes. Rows 11 to 14 from column 2.
ROBE = variants("""
near          pass          far           stand
............  ...dccbb....  ............  ...dccbb....
...dccbbb...  ..dccbcbb...  ...dcbccb...  ..dccbcbb...
..dccbccbbb.  ..dcbbcbba..  ..dcbbcccbb.  ..dcbbcbb...
.eef....gggf  ....egggf...  .ggf....eee.  ...gggeff...
""")

# Letters: coat, belt.
TORSO = """
dcccb
cccbb
efgff
"""

# Letters: sleeve, hand. The near arm is put at (8, 3).
ARM = variants("""
near      pass      far        stand     hold         run
...dc...  ....dca.  ....dc...  ...dca..  ....dc.....  ...ddb...
..dca...  ....cba.  ....adcgf  ...cba..  ....adccbgg  .dcba....
.fg.....  ....gf..  ......aa.  ...gf...  ......aa.ff  fg.......
""")
# The far arm, where it shows: ahead in one stride, behind in the other. Put at (8, 3).
FAR_ARM = variants("""
near       far
.........  ........
......ab.  .bb.....
.......ef  ef......
""")


class Walker:
    """A person in one frame of the walk: puts parts on the canvas, dropped and shifted with the body."""

    def __init__(self, canvas, frame, left=0):
        self.canvas, self.frame, self.left = canvas, frame, left
        self.drop = DROP[frame]

    def _at(self, row, col):
        return row + self.drop, col - self.left

    def put(self, part, *ramps, at=(0, 0)):
        """A part of the upper body."""
        self.canvas.paste(part, *ramps, at=self._at(*at))
        return self

    def stamp(self, part, *ramps, at=(0, 0)):
        """A part of the upper body with an outline of its own, also where it covers what is there already."""
        self.canvas.stamp(part, *ramps, at=self._at(*at))
        return self

    def hold(self, thing, *ramps):
        """A thing (part, place), to be put before the arm that holds it."""
        part, at = thing
        return self.put(part, *ramps, at=at)

    def legs(self, cloth, shoes, parts=LEGS):
        self.canvas.paste(parts[self.frame], cloth, shoes, at=(11, 2 - self.left))
        return self

    def torso(self, coat, belt):
        return self.put(TORSO, coat, belt, at=(8, 5))

    def head(self, skin):
        return self.put(HEAD, skin, at=(2, 4))

    def hair(self, style, hair):
        return self.put(HAIR[style], hair, at=(1, 2))

    def hair_below(self, style, hair):
        """The hair that shows under a hat."""
        return self.put("\n".join(HAIR[style].split("\n")[4:]), hair, at=(5, 2))

    def beard(self, style, hair):
        return self.put(BEARD[style], hair, at=(6, 6))

    def far_arm(self, sleeve, skin):
        return self.put(FAR_ARM[self.frame], sleeve, skin, at=(8, 3)) if self.frame in FAR_ARM else self

    def arm(self, sleeve, skin, pose=None):
        return self.put(ARM[pose or self.frame], sleeve, skin, at=(8, 3))

    def done(self):
        self.canvas.outline()


SKINS = ["porcelain", "fair", "olive", "umber"]
ALL_SKINS = ["porcelain", "fair", "olive", "bronzed", "umber"]
# Skin and hair that do not merge.
PEOPLE = [
    ("porcelain", "black"),
    ("porcelain", "ginger"),
    ("porcelain", "chestnut"),
    ("fair", "brown"),
    ("fair", "black"),
    ("fair", "blond"),
    ("olive", "black"),
    ("olive", "brown"),
    ("bronzed", "black"),
    ("bronzed", "white"),
    ("umber", "black"),
    ("ebony", "grey"),
]

# ---- knight

# Letters: metal, cloth (the plume). All are put at (1, 2).
HELM = variants("""
open         visor        great        winged
.gg.ccc....  .gg.ccc....  .gg........  gg.cccc....
hgffdccbb..  hgffdccbb..  hgffdccccb.  hgf#ddccb..
gf.dccccbb.  gf.dccccbb.  gf.ddccccb.  .hgf#cccbb.
f.ddccccbbb  f.ddcccccb.  f.dddccccb.  ..gff#ccbbb
..cccb.....  ..ccb##w##.  ..ccc##w##.  ..cgf#.....
..ccb......  ..ccccccccb  ..dccccb#b.  ..ccb......
..bba......  ...bbbbbba.  ...ccccbbb.  ..bba......
""")
# Letters: cloth. Hangs down the back, put at (8, 2).
CAPE = variants("""
near    pass    far     stand
..dccb  ..dccb  ..dccb  ..dccb
.dccb.  ..ccb.  .dcb..  ..dcb.
dccb..  .dccb.  dccb..  ..ccb.
ccb...  .ccb..  .ba...  ..ccb.
......  .ba...  ......  ..ba..
""")
# Letters: metal, wood. Held upright ahead; the hand is in row 9, columns 12 and 13.
WEAPON = placed("""
sword:2,11  lance:1,11  mace:2,11  axe:2,10
...d.       ..d.        ...c.      .dcg.
..dc.       ..d.        .cdcb      dccgc
..dc.       .dcb        .ddcb      dccgc
..dc.       ..c.        .ccbb      .cbg.
..dc.       ..g.        ..bb.      ...g.
..dc.       ..g.        ..g..      ...f.
.gggf       ..f.        ..f..      ...f.
..f..       .ccb        ..f..      ...f.
..e..       ..g.        ..f..      ...f.
.....       ..f.        ..f..      ...e.
.....       ..f.        .....      .....
.....       ..f.        .....      .....
""")


def knight(canvas, frame, skin, helm, metal, cloth, weapon, cape):
    w = Walker(canvas, frame, left=1)
    if cape == "long":
        w.put(CAPE[frame], cloth, at=(8, 2))
    w.legs(metal, metal).torso(cloth, "brown").head(skin).put(HELM[helm], metal, cloth, at=(1, 2))
    blade = "steel" if metal == "gold" else metal
    w.hold(WEAPON[weapon], blade, "chestnut").arm(metal, metal, "hold").done()


# ---- wizard

# Letters: cloth, band. All are put at (1, 2).
WIZARD_HAT = variants("""
pointed      bent         tall         cowl
....dc.....  .bcc.......  .....dc....  ...dccc....
...dccb....  .b.dccb....  ....dccb...  ..ddcccb...
..dccccb...  ..dccccb...  ...dcccb...  .ddcccccb..
..hggggff..  ..hggggff..  ...hgggf...  .dccccccbb.
dcccccccbbb  dcccccccbbb  dcccccccbbb  .dccb......
...........  ...........  ...........  .ccb.......
...........  ...........  ...........  .bbba......
""")
# Letters: wood, glow.
STAFF = variants("""
orb   crook  crystal  wand  lantern
.hg.  ..dc.  ..h.     ..h.  .bb.
hggf  .dghb  .hgf     .hwh  .b.b
.gf.  .cgfb  .hgf     ..h.  .b##
.bb.  ..b.b  .cfb     ..d.  .#hg
..c.  ..cb.  ..c.     ..c.  .#gf
..b.  ..c..  ..b.     ..b.  .###
..c.  ..b..  ..c.     ....  ....
..b.  ..c..  ..b.     ....  .c..
..b.  ..c..  ..b.     ....  .c..
..c.  ..b..  ..c.     ....  .b..
..b.  ..c..  ..b.     ....  ....
..b.  ..b..  ..b.     ....  ....
""")


def wizard(canvas, frame, skin, hat, beard, hair, robe, trim, staff, glow):
    w = Walker(canvas, frame, left=1)
    w.far_arm(robe, skin).legs(robe, "brown", ROBE).torso(robe, trim).head(skin).hair_below("short", hair)
    w.beard(beard, hair).put(WIZARD_HAT[hat], robe, trim, at=(1, 2))
    w.put(STAFF[staff], "brown", glow, at=(1, 11)).arm(robe, skin, "hold").done()


# ---- archer

# Letters: cloth, feather. All are put at (1, 2).
ARCHER_HAT = variants("""
feather      hood
.gg.ccc....  ..dcccc....
.hgdcccb...  .ddccccb...
..fgccccbb.  .dccccccb..
.bcccccccbb  dccccccbb..
...........  .dccb......
...........  .ccb.......
...........  .bbba......
""")
# Letters: cloth.
HEADBAND = """
..cddcccb.
.bb.......
b.........
"""
# Letters: wood.
BOW = variants("""
long   short  drawn
.c...  .....  ..c...
.wc..  .c...  ..wc..
.w.c.  .wcb.  .w.cb.
.w.cb  .w.cb  .w..b.
.w..b  .w..b  ddddww
.w..b  .w..b  .w..b.
.w.cb  .w.cb  .w.cb.
.w.c.  .wcb.  ..wc..
.wc..  .c...  ..c...
.c...  .....  ......
""")
# Letters: leather, fletching. Put at (6, 1).
QUIVER = """
hg.hg...
gf.gf...
.dcb....
.dccb...
..ccb...
..bba...
"""


def archer(canvas, frame, person, hair, hat, coat, feather, trousers, bow):
    skin, colour = person
    w = Walker(canvas, frame, left=1)
    w.put(QUIVER, "brown", feather, at=(6, 2)).legs(trousers, "brown").torso(coat, "brown")
    w.head(skin)
    if hat in ARCHER_HAT:
        w.hair_below(hair, colour).put(ARCHER_HAT[hat], coat, feather, at=(1, 2))
    else:
        w.hair(hair, colour)
    if hat == "band":
        w.put(HEADBAND, feather, at=(3, 2))
    w.put(BOW[bow], "chestnut", at=(4 if bow == "long" else 5, 11)).arm(coat, skin, "hold").done()


# ---- ninja

# Letters: cloth, band. All are put at (1, 2).
NINJA_HOOD = variants("""
hood         banded       tail
....ccc....  ....ccc....  .bcc.......
...ddcccb..  ...ddcccb..  cccddccb...
..ddccccbb.  ..ddccccbb.  ba.dccccbb.
..dcccccbb.  ffgghhhggg.  b.dcccccbb.
..dccb.....  .fdccb.....  ..dccb.....
..cccbbbbbb  ..cccbbbbbb  ..cccbbbbbb
...bbbbba..  ...bbbbba..  ...bbbbba..
""")
# Letters: cloth. Put at (7, 1).
SCARF = variants("""
near        pass        far
....ddcccb  ....ddcccb  cd..ddcccb
.cdccbbbb.  .ddccbbbb.  bccccbbbb.
ccb.......  ccb.......  ..bb......
b.........  ..........  ..........
""")
# Letters: metal, wood.
NINJA_TOOL = placed("""
katana:6,1  kunai:8,11  star:8,12  twin:5,1
gf...       .....       .d.        gf..
.gf..       ffcd.       dbd        .gf.
..cc.       .....       .d.        gfcc
....c       .....       ...        .gfc
""")


def ninja(canvas, frame, skin, hood, cloth, scarf, tool):
    w = Walker(canvas, frame)
    w.legs(cloth, "black").torso(cloth, scarf)
    w.hold(NINJA_TOOL[tool], "steel", "chestnut")
    w.head(skin).put(NINJA_HOOD[hood], cloth, scarf, at=(1, 2)).put(SCARF[frame], scarf, at=(7, 1))
    w.arm(cloth, cloth, "hold" if tool in ("kunai", "star") else "run").done()


# ---- farmer

# Letters: straw, band. All are put at (1, 2).
STRAW_HAT = variants("""
wide         pointed      worn
....ccc....  .....c.....  ....b.c....
...ddccb...  ....dcb....  ...dcccb...
...hgggf...  ..ddcccbb..  ...ggggf...
ddccccccbbb  ddccccccbbb  .ddccccbb..
...........  ...........  d.......bb.
""")
# Letters: shirt, overalls.
OVERALLS = """
dcgcb
cgggb
hgggf
"""
# Letters: metal, wood.
FARM_TOOL = variants("""
hoe    fork   rake   shovel  scythe
..gdd  d.d.d  ddccb  ..d.    dddcg
..gcc  c.c.c  c.g.b  .dcb    d..bg
..g.b  cbcbc  c.g.b  .dcb    ...f.
..f..  ..g..  ..f..  .ccb    ...g.
..g..  ..f..  ..g..  ..g.    ...f.
..f..  ..g..  ..f..  ..f.    ...g.
..g..  ..f..  ..g..  ..g.    ..f..
..f..  ..g..  ..f..  ..f.    ..f..
..g..  ..f..  ..g..  ..g.    ...f.
..f..  ..g..  ..f..  ..f.    ..g..
..g..  ..f..  .....  ..g.    ..f..
..f..  .....  .....  ....    .....
""")


def farmer(canvas, frame, person, hair, hat, straw, shirt, overalls, tool):
    skin, colour = person
    w = Walker(canvas, frame, left=1)
    w.far_arm(shirt, skin).legs(overalls, "brown").put(OVERALLS, shirt, overalls, at=(8, 5))
    w.head(skin).hair_below(hair, colour).put(STRAW_HAT[hat], straw, "crimson", at=(1, 2))
    w.put(FARM_TOOL[tool], "iron", "tan", at=(2, 11)).arm(shirt, skin, "hold").done()


# ---- pirate

# Letters: cloth, trim. All are put at (1, 2).
PIRATE_HAT = variants("""
tricorn      bandana      captain      cap
b...ccc...b  ...ddcc....  .hh.cccc...  ....ccc....
cb.dccccbbb  ..dchccb...  .hhdcccccb.  ..ddcccbb..
.ccccwwccb.  ..chcchcb..  ..dcccwccbb  .ddccccccb.
..hgggggff.  ..cccccccb.  ..ggggggggf  ..hggggggf.
...........  cb.........  ...........  ...........
...........  .cb........  ...........  ...........
...........  .b.........  ...........  ...........
""")
# Letters: shirt, belt, stripes.
STRIPED = """
dcccb
kkkkj
efgff
"""
# Letters: metal, brass or wood.
PIRATE_TOOL = placed("""
cutlass:3,11  hook:8,11  spyglass:8,10  pistol:8,11  lantern:10,10
....d         ..dc.      ...hhh         .dccc        ..ccc
...dc         ...bd      .ghgfg         .gf..        ..hhg
...dc         ...c.      .gfffg         .f...        ..hgf
..dc.         .....      ......         .....        ..ccc
..dc.         .....      ......         .....        .....
.hgg.         .....      ......         .....        .....
..f..         .....      ......         .....        .....
""")
# Letters: feathers. Sits on the back.
PARROT = """
.cc.
cxcb
fccb
.dcb
..db
..ab
"""


def pirate(canvas, frame, person, beard, hat, cloth, stripes, trousers, tool, parrot):
    skin, colour = person
    w = Walker(canvas, frame, left=1)
    w.far_arm(cloth, skin).legs(trousers, "brown").put(STRIPED, "white", "gold", stripes, at=(8, 5)).head(skin)
    w.hair_below("bob", colour).beard(beard, colour).put(PIRATE_HAT[hat], cloth, "gold", at=(1, 2))
    if parrot != "none":
        w.stamp(PARROT, parrot, "gold", at=(5, 2))
    w.hold(PIRATE_TOOL[tool], "steel", "gold").arm("white", skin, "hold").done()


# ---- traveller

# Letters: metal or wood, glow.
# Letters: canvas, roll. All are put at (5, 1).
PACK = variants("""
roll    tall    pan     basket
hggf..  .dcb..  .dccb.  gchch.
gffe..  dcccb.  dcccb.  cgcgb.
dcccb.  dcbbba  dcbbba  bbbbba
dccbba  dcccba  hgccba  dcdcba
cgccba  cgggba  gggcba  cbcbba
cbccba  cbbbba  fgfbba  dcdcba
.bbba.  .bbba.  .bbba.  .bbba.
""")
# Letters: cloth, band. All are put at (1, 2).
TRAVEL_HAT = variants("""
brim         cap          pompom
....ccc....  ...dccc....  ....hg.....
...dccbc...  ..ddcccb...  ...dccc....
...hgggf...  ..dccccbb..  ..ddcccbb..
.ddccccccbb  ..gggggggff  ..hhggggff.
""")
# Letters: wood, glow.
STICK = placed("""
stick:3,11  lantern:8,10  map:7,11  torch:3,11
..c         ..bb.         wdwc      ..h.
.dc         ..bbb         dgwc      .hhg
..b         ..hhg         wwgc      .hgg
..c         ..hgf         ccbb      .gff
..b         ..bbb         ....      ..b.
..c         .....         ....      ..c.
..b         .....         ....      ..c.
..c         .....         ....      ..b.
..b         .....         ....      ..b.
..c         .....         ....      ....
""")


def traveller(canvas, frame, person, hair, hat, coat, trousers, pack, roll, carries):
    skin, colour = person
    w = Walker(canvas, frame, left=1)
    w.far_arm(coat, skin).legs(trousers, "brown").torso(coat, "brown").head(skin)
    if hat == "none":
        w.hair(hair, colour)
    else:
        w.hair_below(hair, colour).put(TRAVEL_HAT[hat], coat, roll, at=(1, 2))
    w.stamp(PACK[pack], "tan", roll, at=(6, 2))
    if carries == "none":
        w.arm(coat, skin)
    else:
        w.hold(STICK[carries], "tan" if carries == "map" else "brown", "amber").arm(coat, skin, "hold")
    w.done()


# ---- monk

# Letters: wood or paper, glow.
MONK_TOOL = placed("""
cross:2,11  book:7,10  candle:4,11  lantern:8,10  beads:9,11
..h.        .bbbbb     ..h.         ..bb.         ..h.
.hgf        .bwwcb     ..g.         ..bbb         .h.g
..g.        .bwdwb     ..w.         ..hhg         .g.f
..f.        .bbbbb     ..w.         ..hgf         ..f.
..c.        ......     .bcb         ..bbb         ..g.
..b.        ......     ....         .....         ....
..c.        ......     ....         .....         ....
..b.        ......     ....         .....         ....
..c.        ......     ....         .....         ....
..b.        ......     ....         .....         ....
..c.        ......     ....         .....         ....
..b.        ......     ....         .....         ....
""")
# Letters: cloth. All are put at (1, 2).
COWL = variants("""
up           deep         peaked
...dccc....  ....dcc....  ...........
..ddcccb...  ..ddcccb...  dcc.ccc....
.ddcccccb..  .ddcccccbb.  bdccccccb..
.dccccccbb.  ddccccccbbb  .ddcccccbb.
.dcccb.....  dccccb.....  .dcccb.....
.dccb......  .dccb......  .dccb......
.ccbb......  .ccbba.....  .ccbb......
.bbba......  ..bbba.....  ..bba......
""")
# Letters: hair.
TONSURE = """
..dcc......
..dcccb.b..
..bcb......
"""
# Letters: cloth.
HOOD_DOWN = """
.dccbb
.ccbbba
"""


def monk(canvas, frame, person, hood, beard, robe, rope, carries, glow):
    skin, colour = person
    w = Walker(canvas, frame, left=1)
    w.far_arm(robe, skin).legs(robe, "brown", ROBE).torso(robe, rope).head(skin).beard(beard, colour)
    if hood == "down":
        w.put(TONSURE, colour, at=(4, 2)).put(HOOD_DOWN, robe, at=(7, 2))
    else:
        w.put(COWL[hood], robe, at=(1, 2))
    w.hold(MONK_TOOL[carries], "chestnut", glow).arm(robe, skin, "hold").done()


# ---- princess

# Letters: gown, hem, shoes. Rows 11 to 14 from column 1.
GOWN = variants("""
near          pass          far           stand
............  ....dccbb...  ............  ....dccbb...
....dccbbb..  ...dccbcbb..  ....dcbccb..  ...dccbcbb..
..ddcbccbbb.  .ddcbccbbbb.  ..ddcbbccbb.  ..dccbcbbb..
.hggggggfffe  .hgggggffff.  hhggggggfff.  ..hgggggfff.
""")
# Letters: gold, gem or veil. All are put at (0, 2).
CROWN = variants("""
crown        tiara        hennin       bow          wreath
...........  ...........  ...........  ...........  ...........
....d.c.c..  ........h..  .hgf.......  .gg.fg.....  ...........
....dgcfc..  .......dgc.  hhhgggf....  .hggff.....  ...hc.hc...
....ccccb..  ....dccccb.  h.hhgggdcb.  .gg.ff.....  ...cgccgc..
...........  ...........  h..hggdcb..  ...........  ...........
...........  ...........  h...dccb...  ...........  ...........
""")
# Letters: stem or handle, flower.
PRINCESS_TOOL = placed("""
rose:4,11  fan:5,11  wand:4,11  bird:6,10
.hhg       ..hg.     ..h.       ......
.hgf       .hgfg     .hwh       .hhg..
..f.       .gfgf     ..h.       hxgggf
..b.       ..gf.     ..c.       .ghgf.
..cb       ..c..     ..c.       ......
..b.       .....     ..b.       ......
""")


def princess(canvas, frame, person, hair, crown, gown, hem, carries):
    skin, colour = person
    w = Walker(canvas, frame, left=1)
    w.legs(gown, hem, GOWN).torso(gown, hem).head(skin)
    w.hair(hair, colour).put(CROWN[crown], "gold", hem, at=(0, 2))
    if carries == "none":
        w.arm(gown, skin)
    else:
        w.hold(PRINCESS_TOOL[carries], "green" if carries == "rose" else "gold", hem).arm(gown, skin, "hold")
    w.done()


# ---- viking

# Letters: metal, horn. All are put at (1, 2).
VIKING_HELM = variants("""
horns        curled       round
..h.....h..  ..hgdcc....  ....dcc....
..hgdcchg..  .hgddcccb..  ...ddccbb..
...gdccgbb.  .hggdcccbb.  ..ddcccccb.
..ccccccccb  ..gcccccccb  ..gggggggf.
""")
# Letters: metal, wood. Held upright ahead.
VIKING_WEAPON = placed("""
axe:2,12  hammer:2,12  spear:1,12
..gdc     .dccc        ..d.
..gdd     .dccb        .dcb
..gcb     .cbbb        .dcb
..g.b     ..g..        ..g.
..f..     ..f..        ..f.
..f..     ..f..        ..g.
..f..     ..f..        ..f.
..f..     ..f..        ..g.
..f..     ..e..        ..f.
..e..     .....        ..g.
.....     .....        ..f.
.....     .....        ..f.
""")
# Letters: paint, metal rim, second paint. The rim is part of the drawing. Put at (7, 4).
ROUND_SHIELD = variants("""
plain  halves  cross
.hgf.  .hgf.   .hgf.
hdccf  hdckf   hdkcf
gchcf  gchkf   gkhkf
gcccf  gckjf   gckcf
.fff.  .fff.   .fff.
""")


def viking(canvas, frame, person, helm, beard, tunic, weapon, shield, paint):
    skin, colour = person
    w = Walker(canvas, frame, left=2)
    w.legs("brown", "black").torso(tunic, "brown").head(skin).hair_below("long", colour).beard(beard, colour)
    w.put(VIKING_HELM[helm], "iron", "sand", at=(1, 2))
    w.hold(VIKING_WEAPON[weapon], "steel", "chestnut").arm(tunic, skin, "hold")
    w.stamp(ROUND_SHIELD[shield], paint, "steel", "white", at=(8, 3)).done()


# ---- merchant

# Letters: sack, patch. Put at (4, 1); carried on the back.
SACK = variants("""
full     patched  crate    rugs
...cc..  ...cc..  .......  hggf.dcb
...bb..  ...bb..  ddddddb  gffe.ccb
.dcccb.  .dcccb.  dcccccb  gffedcbb
ddcccbb  dcccgfb  gghgggf  hgfedccb
dccccbb  dccgffb  dcccccb  hgfeccbb
dcccbbb  dhcgfbb  gghgggf  gffedccb
ccccbba  ccccbba  dcccccb  gfeeccba
.cbbba.  .cbbba.  bbbbbba  .fe..ba.
""")
# Letters: cloth, jewel. All are put at (1, 2).
MERCHANT_HAT = variants("""
turban       fez          beret
....dcc....  ...hccc....  ..dccccb...
..ddccbbc..  ..gccccb...  .ddcccccbb.
.ddcbccchb.  ..gccccb...  .cccccccbbb
.cbbcccbgb.  ..gbbbbb...  ..fffffff..
.bb........  ...........  ...........
""")
# Letters: metal, cloth.
WARES = placed("""
coin:5,11   lamp:6,10   pouch:6,11  vase:5,10
.dc.        ....d       .cb.        .hg.
dcdb        b...b       ..b.        ..f.
dcdb        .dccc       dcdb        .hgf
.cb.        ..bb.       ccbb        hggf
....        .....       .bb.        .gf.
""")


def merchant(canvas, frame, person, beard, hat, coat, cloth, trousers, load, patch, ware):
    skin, colour = person
    w = Walker(canvas, frame)
    w.far_arm(coat, skin).legs(trousers, "brown").torso(coat, "gold")
    w.stamp(SACK[load], "tan", patch, at=(4, 1)).stamp(HEAD, skin, at=(2, 4)).hair_below("short", colour)
    w.beard(beard, colour).put(MERCHANT_HAT[hat], cloth, "gold", at=(1, 2))
    if ware == "none":
        w.arm(coat, skin)
    else:
        w.hold(WARES[ware], "gold", patch).arm(coat, skin, "hold")
    w.done()


# ---- soldier

# Letters: metal, cloth. All are put at (1, 2).
SOLDIER_HELM = variants("""
kettle       crested      morion
....dcc....  ..hhhggg...  ....hgg....
...dcccb...  .hggdccbgg.  ...hgccg...
...ccccbb..  .ggdccccbg.  .d.dcccb.b.
.ddccccccbb  .g.dcccccbb  .ddccccccbb
...........  ..dccb.....  ...........
...........  ..ccb......  ...........
...........  ..bba......  ...........
""")
# Letters: paint, rim, emblem. All are put at (7, 9), ahead of the body.
SHIELD = variants("""
tower  kite   round
.hgg.  .hgg.  .....
hdccf  hdckf  .hgg.
gckcf  gckkf  hdccf
gkkkf  gdckf  gckcf
gckcf  .gcf.  gccbf
gcccf  .gcf.  .fff.
.gff.  ..g..  .....
""")
# Letters: metal, wood, cloth. The end that shows above the shield, put at (1, 11).
POLE_ARM = variants("""
spear  halberd  flag   sword
..d.   ..d..    ..d..  ..d..
.dcb   d.cd.    ..gkk  ..dc.
.dcb   dccdc    ..flk  ..dc.
..c.   d.cdb    ..fkj  ..dc.
..g.   ..g..    ..gjj  ..dc.
..f.   ..f..    ..f..  ..cb.
..g.   ..g..    ..g..  .gggf
..f.   ..f..    ..f..  ..f..
""")


def soldier(canvas, frame, skin, helm, metal, cloth, shield, emblem, weapon):
    w = Walker(canvas, frame, left=2)
    w.legs("grey", "brown").torso(cloth, "brown").head(skin).hair_below("short", "black")
    w.put(SOLDIER_HELM[helm], metal, cloth, at=(1, 2)).put(POLE_ARM[weapon], "steel", "chestnut", emblem, at=(1, 12))
    w.arm(cloth, skin, "hold").stamp(SHIELD[shield], cloth, metal, emblem, at=(7, 10)).done()


# ---- child

CHILD_SHIRT = """
dcccb
cccbb
"""
# Letters: toy, second colour, wood. Rows and columns of the canvas.
TOY = placed("""
balloon:1,10  kite:1,9  lolly:4,10  pinwheel:5,10  sword:5,9
.ccc.         ...c..    .ccc.       .d.gg          ...k.
cddcc         ..dcg.    cdgcb       .ddg.          ...k.
cdccb         .dccgg    cgdgb       ..l..          ...k.
cccbb         ..hgb.    ccgcb       .fdd.          ...k.
.cbb.         ...hb.    .bbb.       ff.c.          ...k.
..b..         ...#..    ..l..       ..l..          ..jjj
..#..         ..#.h.    ..l..       ..k..          ...j.
..#..         ..#h..    ..k..       ..k..          .....
.#...         .#....    ..k..       .....          .....
.#...         .#....    .....       .....          .....
.#...         ......    .....       .....          .....
""")
# Letters: cloth, trim. All are put at (1, 2).
CHILD_HAT = variants("""
cap          propeller    woolly       bow
...dccc....  ..hggggff..  ....hg.....  ..hg.gf....
..ddcccb...  .....c.....  ...dccc....  ..ggegf....
..dccccbb..  ...ggcbb...  ..dcbcbcb..  ..hg.gf....
..ggggggfff  ..hggccbb..  ..hggggff..  ...........
...........  ..dccccccbb  ...........  ...........
""")


def child(canvas, frame, person, hair, hat, shirt, trousers, toy, colour, second):
    skin, hair_colour = person
    w = Walker(canvas, frame, left=2)
    w.drop = 2
    w.legs(trousers, "red").put(CHILD_SHIRT, shirt, at=(8, 5)).head(skin)
    if hat in ("none", "bow"):
        w.hair(hair, hair_colour)
    else:
        w.hair_below(hair, hair_colour)
    w.put(CHILD_HAT[hat], shirt, second, at=(1, 2))
    part, at = TOY[toy]
    canvas.paste(part, colour, second, "tan", at=at)
    w.arm(shirt, skin, "hold").done()


# ---- bard

# Letters: wood, trim. Held across the body. All are put at (6, 6).
INSTRUMENT = variants("""
lute      drum     harp
......gc  .......  dcccb.
.....cg.  .wwwww.  dg.g.c
.dcccb..  hwwwwwf  cg.g.c
dchccb..  cdgdgcb  cg.gb.
dcahcb..  cgcgcgb  cggb..
ccccb...  hggggff  cb....
.bbb....  .fffff.  ......
""")
# Letters: metal. Held to the mouth, put at (6, 10).
FLUTE = """
....
.ddccb
..c.c
"""
# Letters: cloth, feather. All are put at (1, 2).
BARD_HAT = variants("""
beret        robin        slouch
hg.cccc....  hh..dc.....  ..dcccb....
.hgdccccb..  .hg.dccb...  .ddccgcb...
.dgcccccbb.  .ghdccccb..  dccccghbb..
.bbbbbbbb..  .bbcccccccb  .bbbbbbbb..
""")


def bard(canvas, frame, person, hair, hat, cloth, feather, hose, instrument):
    skin, colour = person
    w = Walker(canvas, frame, left=1)
    w.legs(hose, "brown").torso(cloth, "gold").head(skin).hair_below(hair, colour)
    w.put(BARD_HAT[hat], cloth, feather, at=(1, 2))
    if instrument == "flute":
        w.put(FLUTE, "gold", at=(6, 10)).arm(cloth, skin, "hold")
    else:
        w.stamp(INSTRUMENT[instrument], "chestnut", "gold", at=(7, 7)).put("cc\nb", skin, at=(10, 8))
    w.done()


# ---- samurai

# Letters: metal, trim. All are put at (1, 2).
KABUTO = variants("""
crest        horns        kasa
....dcc.h..  ....hdccb.h  .....c.....
...dccchg..  ...ddcchhg.  ....dccb...
..ddccccgb.  ..ddccccgb.  ..ddcccbb..
.ddccccccbb  .ddccccccbb  ddccccccbbb
ddccb......  ddccb......  ...h.......
ccbb.......  ccbb.......  ....h......
.bb........  .bb........  ...........
""")
# Letters: armour, lacing. Put at (8, 4).
CUIRASS = """
ddccbb
.gggf.
.cccb.
.gfgf.
"""
# Letters: metal, grip.
SAMURAI_WEAPON = placed("""
katana:2,10  naginata:1,11  fan:5,11
...d.        ..d.           ..hg.
...dc        ..dc           .hggf
...dc        ..dc           .gghf
..dc.        ..cb           ..gf.
..dc.        ..h.           ..e..
..dc.        ..f.           .....
.fhf.        ..g.           .....
..f..        ..f.           .....
..g..        ..f.           .....
.....        ..f.           .....
.....        ..f.           .....
.....        ..f.           .....
""")
# Letters: lacquer. At the hip, put at (9, 1).
SHEATH = """
......d
....dc
..dcb
.cb
.b
"""


def samurai(canvas, frame, person, helm, armour, lacing, trousers, weapon, sheath):
    skin, colour = person
    w = Walker(canvas, frame, left=1)
    w.legs(trousers, "tan").torso(armour, lacing).put(CUIRASS, armour, lacing, at=(8, 4)).head(skin)
    if sheath != "none":
        w.stamp(SHEATH, sheath, at=(9, 1))
    if helm == "topknot":
        w.hair("topknot", colour)
    else:
        w.hair_below("short", colour)
        w.put(KABUTO[helm], "sand" if helm == "kasa" else armour, "gold", at=(1, 2))
    w.hold(SAMURAI_WEAPON[weapon], "steel", lacing).arm(armour, skin, "hold").done()


# ---- miner

# Letters: metal, lamp. All are put at (1, 2).
MINER_HAT = variants("""
lamp         candle
....dcc....  ....dcc.h..
...ddccbhh.  ...ddccbg..
..ddcccbhwh  ..ddcccbw..
.ddccccbbhb  .ddcccccwbb
""")
# Letters: metal, wood. Put at (2, 12).
MINER_TOOL = variants("""
pick   shovel  hammer
.ddc.  ..d.    .dcb.
dcgcb  .dcb    ddccb
c.g.b  .dcb    dccbb
..f..  .ccb    ..g..
..g..  ..g.    ..f..
..f..  ..f.    ..g..
..f..  ..g.    ..f..
..f..  ..f.    ..f..
..f..  ..g.    ..e..
..e..  ..f.    .....
.....  ..e.    .....
""")
# Letters: metal, light. Put at (7, 11).
MINER_LAMP = """
..ccc
.b...b
.ccccc
.#hgg#
.#ggf#
.bbbbb
"""


def miner(canvas, frame, person, hat, metal, beard, shirt, trousers, tool):
    skin, colour = person
    w = Walker(canvas, frame, left=2)
    w.far_arm(shirt, skin).legs(trousers, "black").put(OVERALLS, shirt, trousers, at=(8, 5)).head(skin)
    w.hair_below("short", colour).beard(beard, colour).put(MINER_HAT[hat], metal, "yellow", at=(1, 2))
    if tool == "lantern":
        w.put(MINER_LAMP, "iron", "amber", at=(8, 10))
    else:
        w.put(MINER_TOOL[tool], "steel", "chestnut", at=(2, 12))
    w.arm(shirt, skin, "hold").done()


# ---- cook

# Letters: cloth, band. All are put at (1, 2).
COOK_HAT = variants("""
toque        low          scarf
..dccdccb..  ...........  ...........
.ddcccccbb.  .ddcccccb..  ....gff....
.bccbcccb..  .dccccccbb.  ..ghgfgfe..
...ggggff..  ..ggggggff.  .ggfgggfgf.
...........  ...........  .g.........
...........  ...........  .f.........
""")
# Letters: dish, food.
DISH = placed("""
cake:4,11  pan:7,11  roast:5,11  soup:6,11  ladle:4,11
...g..     ..hgg.    ..hggw      .hggf.     ..c
.dhdd.     .aggfa    .hgggf      dccccb     ..c
.hggf.     baaaaa    .gggfe      .cccb.     ..c
.gffe.     ......    dccccb      ..bb..     ..c
wwwwww     ......    ......      ......     ..b
""")


def cook(canvas, frame, person, hair, beard, hat, trim, trousers, dish, food):
    skin, colour = person
    w = Walker(canvas, frame, left=2)
    w.far_arm("white", skin).legs(trousers, "black").torso("white", trim).head(skin).hair_below(hair, colour)
    w.beard(beard, colour).put(COOK_HAT[hat], "white", trim, at=(1, 2))
    w.hold(DISH[dish], "steel", food).arm("white", skin, "hold").done()


KINDS = {
    "knight": Kind(
        knight,
        frame=FRAMES,
        skin=SKINS,
        helm=list(HELM),
        metal=["steel", "gold", "mithril"],
        cloth=["red", "crimson", "green", "blue", "purple", "navy"],
        weapon=list(WEAPON),
        cape=["none", "long"],
        ink=COLD_INKS,
    ),
    "wizard": Kind(
        wizard,
        frame=FRAMES,
        skin=SKINS,
        hat=list(WIZARD_HAT),
        beard=["none", "full", "long"],
        hair=["white", "grey", "brown", "ginger"],
        robe=["blue", "navy", "indigo", "purple", "teal", "forest", "crimson"],
        trim=["gold", "yellow", "cyan", "white"],
        staff=list(STAFF),
        glow=["cyan", "lime", "magenta", "amber", "red"],
        ink=PLUM_INKS,
    ),
    "archer": Kind(
        archer,
        frame=FRAMES,
        person=PEOPLE,
        hair=["short", "ponytail", "long", "bob"],
        hat=["none", "band", *ARCHER_HAT],
        coat=["green", "forest", "lime", "teal", "crimson", "tan"],
        feather=["red", "yellow", "white", "cyan"],
        trousers=["brown", "tan", "grey"],
        bow=list(BOW),
        ink=MOSS_INKS,
    ),
    "ninja": Kind(
        ninja,
        frame=["near", "pass", "far"],
        skin=ALL_SKINS,
        hood=list(NINJA_HOOD),
        cloth=["black", "navy", "indigo", "crimson", "forest", "grey"],
        scarf=["red", "orange", "yellow", "cyan", "lime", "white"],
        tool=list(NINJA_TOOL),
        ink=COLD_INKS,
    ),
    "farmer": Kind(
        farmer,
        frame=FRAMES,
        person=PEOPLE,
        hair=["short", "ponytail", "long"],
        hat=list(STRAW_HAT),
        straw=["sand", "blond", "tan"],
        shirt=["red", "green", "white", "orange", "cyan"],
        overalls=["blue", "navy", "brown", "teal"],
        tool=list(FARM_TOOL),
        ink=WARM_INKS,
    ),
    "pirate": Kind(
        pirate,
        frame=FRAMES,
        person=PEOPLE,
        beard=["none", "short", "full", "moustache"],
        hat=list(PIRATE_HAT),
        cloth=["black", "red", "navy", "crimson", "teal"],
        stripes=["red", "blue", "black"],
        trousers=["brown", "navy", "grey", "tan"],
        tool=list(PIRATE_TOOL),
        parrot=["none", "lime", "red", "cyan"],
        ink=WARM_INKS,
    ),
    "traveller": Kind(
        traveller,
        frame=FRAMES,
        person=PEOPLE,
        hair=["short", "spiky", "bun", "bob"],
        hat=["none", *TRAVEL_HAT],
        coat=["green", "red", "blue", "orange", "teal", "purple"],
        trousers=["brown", "grey", "navy", "tan"],
        pack=list(PACK),
        roll=["crimson", "forest", "blue", "yellow"],
        carries=["none", *STICK],
        ink=WARM_INKS,
    ),
    "monk": Kind(
        monk,
        frame=FRAMES,
        person=PEOPLE,
        hood=["down", *COWL],
        beard=["none", "short", "long"],
        robe=["orange", "grey", "crimson", "forest", "navy", "white"],
        rope=["sand", "white", "gold"],
        carries=list(MONK_TOOL),
        glow=["gold", "amber", "cyan"],
        ink=WARM_INKS,
    ),
    "princess": Kind(
        princess,
        frame=FRAMES,
        person=PEOPLE,
        hair=["long", "bun", "ponytail", "bob"],
        crown=list(CROWN),
        gown=["pink", "rose", "magenta", "purple", "blue", "cyan", "lime", "yellow", "red", "white"],
        hem=["pink", "magenta", "cyan", "yellow"],
        carries=["none", *PRINCESS_TOOL],
        ink=PLUM_INKS,
    ),
    "viking": Kind(
        viking,
        frame=FRAMES,
        person=PEOPLE,
        helm=list(VIKING_HELM),
        beard=["none", "full", "long"],
        tunic=["red", "forest", "blue", "tan", "purple", "teal"],
        weapon=list(VIKING_WEAPON),
        shield=["none", *ROUND_SHIELD],
        paint=["red", "blue", "green", "amber"],
        ink=WARM_INKS,
    ),
    "merchant": Kind(
        merchant,
        frame=FRAMES,
        person=PEOPLE,
        beard=["none", "short", "full", "moustache"],
        hat=list(MERCHANT_HAT),
        coat=["crimson", "teal", "purple", "green", "navy"],
        cloth=["white", "red", "cyan", "magenta", "lime"],
        trousers=["brown", "navy", "tan"],
        load=list(SACK),
        patch=["red", "blue", "forest", "purple"],
        ware=["none", *WARES],
        ink=WARM_INKS,
    ),
    "soldier": Kind(
        soldier,
        frame=FRAMES,
        skin=ALL_SKINS,
        helm=list(SOLDIER_HELM),
        metal=["steel", "gold", "mithril"],
        cloth=["red", "crimson", "blue", "navy", "green", "purple", "teal"],
        shield=list(SHIELD),
        emblem=["white", "yellow", "cyan"],
        weapon=list(POLE_ARM),
        ink=COLD_INKS,
    ),
    "child": Kind(
        child,
        frame=FRAMES,
        person=PEOPLE,
        hair=["short", "spiky", "long", "bob"],
        hat=["none", *CHILD_HAT],
        shirt=["red", "yellow", "lime", "cyan", "orange", "pink"],
        trousers=["blue", "brown", "purple"],
        toy=list(TOY),
        colour=["red", "blue", "magenta", "lime"],
        second=["yellow", "white", "cyan"],
        ink=PLUM_INKS,
    ),
    "bard": Kind(
        bard,
        frame=FRAMES,
        person=PEOPLE,
        hair=["short", "ponytail", "long", "bob"],
        hat=list(BARD_HAT),
        cloth=["purple", "magenta", "lime", "teal", "crimson", "blue"],
        feather=["yellow", "white", "cyan", "red"],
        hose=["navy", "forest", "amber", "white"],
        instrument=[*INSTRUMENT, "flute"],
        ink=PLUM_INKS,
    ),
    "samurai": Kind(
        samurai,
        frame=FRAMES,
        person=PEOPLE,
        helm=["topknot", *KABUTO],
        armour=["red", "crimson", "navy", "forest", "purple", "iron"],
        lacing=["gold", "white", "orange", "cyan"],
        trousers=["grey", "navy", "brown", "white"],
        weapon=list(SAMURAI_WEAPON),
        sheath=["none", "black", "red", "chestnut"],
        ink=COLD_INKS,
    ),
    "miner": Kind(
        miner,
        frame=FRAMES,
        person=PEOPLE,
        hat=list(MINER_HAT),
        metal=["amber", "red", "steel", "green", "orange"],
        beard=["none", "full", "long", "moustache"],
        shirt=["red", "green", "grey", "blue"],
        trousers=["brown", "navy", "tan"],
        tool=[*MINER_TOOL, "lantern"],
        ink=WARM_INKS,
    ),
    "cook": Kind(
        cook,
        frame=FRAMES,
        person=PEOPLE,
        hair=["short", "long", "bob"],
        beard=["none", "full", "moustache"],
        hat=list(COOK_HAT),
        trim=["red", "blue", "green", "orange"],
        trousers=["navy", "grey", "brown"],
        dish=list(DISH),
        food=["amber", "chestnut", "red", "lime", "pink"],
        ink=WARM_INKS,
    ),
}
