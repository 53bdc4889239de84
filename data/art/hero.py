"""Heroes: people who face us, one kind for each calling.

Every hero is a paper doll on one frame: hats begin in row 1, the eyes are in rows 5 and 6, the chin is row 8, the body
fills rows 9 to 14. Tall hats push the face down by one row. All parts of the doll lie in columns 2 to 13.
"""

import numpy as np

from .pixels import COLD_INKS, COLD_PLUM_INKS, PLUM_INKS, WARM_COLD_INKS, WARM_INKS, WARM_PLUM_INKS, Kind, variants

LEFT = 2  # the doll's column on the canvas

# ---- heads: first ramp hair or the main material, second trim

FACE = """
...dccccc
..cdcccccb
..cccccccc
..ccxccxcb
..cdxccxcb
..cbccccbb
...bbbbbb
"""
HAIR = variants("""
short         spiky         parted        bob           long          tails
............  ..c..d.c.b..  ............  ............  ............  ............
...cddccb...  ..cddcdcbb..  ...ccdddc...  ...cddccb...  ...cddccb...  ...cddccb...
..cdccccbb..  .ccdccccbbb.  ..ccbcdddc..  ..cdccccbb..  ..cdccccbb..  ..cdccccbb..
..ccccbcbb..  ..ccbccbba..  ..cb..bccb..  .ccccccccbb.  .ccccbccbbb.  ..cccbccbb..
..cb....ba..  ..cb.b.bba..  ..b....bcb..  .ccb.b.bcbb.  .ccb....bbb.  c.cb....ba.b
                            ..b......b..  .cb......ba.  .cc......ba.  dcb......aca
                                          .cb......ba.  .cb......ba.  cc........ba
                                          .bb......aa.  .cb......ba.  cb........ba
                                                        .cb......ba.  .b........a.
                                                        .cb......ba.
                                                        ..b......a..

bun           curly         mohawk        fringe        sides
....dccb....  ...cd.cb....  .....dc.....  ............  ............
...bccbba...  .cdccdcccb..  ....ddcb....  ...cdddcb...  ............
..cddccbbb..  .cccdccbcbb.  ....dccb....  ..cddcccbb..  ..c......b..
..ccccccbb..  .dccbccbccb.  .....cb.....  ..cccccccb..  ..cb....bb..
..cb....ba..  .cb.....bba.                ..cbb..bba..  ..cb....ba..
              .cc......ba.                ..b......a..  ..c......a..
              ..b......a..                ..b......a..
""")
BEARDS = variants("""
stubble       moustache     goatee        full          long          braids
..b......b..  ............  ............  ..c......b..  ..c......b..  ..c......b..
...b....b...  ...ddccbb...  ....cccb....  ..cdccccbb..  ..cddccccb..  ..cddcccbb..
....bbbb....                ....cccb....  ..cccbbccb..  ..cccbbccb..  ..cccbbccb..
                            .....cb.....  ...cccccb...  ...dccccb...  ...cc..cb...
                                          ....ccb.....  ...ccccbb...  ...db..cb...
                                                        ....cccb....  ...bb..ba...
                                                        .....cb.....
""")
HATS = variants("""
open-helm     slit-helm     great-helm    nasal-helm    plumed-helm   horned-helm
....dccb....  ....dccb....  ..dcccccbb..  .....cb.....  .....hggf...  .h..dccb..g.
...dccccb...  ...dccccb...  ..dccggcbb..  ...dcccb....  ...dchggfb..  .hgdccccbgf.
..dcccccbb..  ..cdccccbb..  ..cccggcbb..  ..dcccccbb..  ..dccgfcbb..  ..fdccccbf..
..bbcccbba..  ..cccccbbb..  ..hggggggf..  ..bbbccbba..  ..bbcccbba..  ..bbccbbba..
..c......b..  ..cxxxxxxb..  ..cxxggxxb..  ..b..cb..a..  ..c......b..  ..b......a..
..cb....ba..  ..cxwxxwxb..  ..cccggcbb..  ..b..cb..a..  ..cb....ba..
..cb....ba..  ..ccb##bba..  ..cccggcba..  ..b......a..  ..cbbbbbba..
...cb..ba...  ...cb#bba...  ..bbbgfbaa..                ...cbbbba...

winged-helm   crest-helm    kabuto        wizard-hat    bent-hat      witch-hat
.h..dccb..h.  ...hgggff...  h..........g  .....dc.....  .....ddccb..  .......ddb..
.hhdccccbhg.  ..hgggggff..  gh..dccb..gf  ....dccb....  ....dccb.ba.  .....ddcb...
.ggdccccbgf.  ..gdccccbf..  .ggdccccbgf.  ...dccccb...  ...dccccb...  ....dcccb...
..fcbbbbaf..  ..dcccccbb..  ..ddgggfcb..  ...ghgggf...  ...ghgggf...  ...gghhgf...
..b......a..  ..bbbccbba..  .cbccggcbba.  cddcccccbbba  cddcccccbbba  dcccccccbbba
              ..c..cb..b..  cb........ba
              ..c..cb..b..  cb........ba
              ..cb....ba..  .b........a.

hood          pointed-hood  feather-cap   straw-hat     tricorn       bandana
....dccb....  .....dc.....  ........hh..  ...dcdccb...  ....dccb....  ....dccb....
...dccccb...  ....dccb....  ...cccc.hg..  ..dcdcccbb..  d..dccccb..b  ..dcdcccdb..
..dccccccb..  ..dccccccb..  ..dccccchgb.  ..hgggggff..  gdcccwwccbbf  ..ccccdccbb.
.dcbaaaabbb.  .dcbaaaabbb.  cddcccccgbba  dcdcccccbcba  .ggccwwbbff.  ..bbbbbbba.b
.cb......ba.  .cb......ba.
.cb......ba.  .cb......ba.
.cb......ba.  .cb......ba.
..bb....aa..  ..bb....aa..

crown         spiked-crown  tall-crown    tiara         mitre         ninja-mask
..d..dc..c..  ..d.d..c.c..  .....hg.....  .....hg.....  ....dggb....  ....dccb....
..dcadcacb..  ..dhcccchb..  ..dadccbab..  ...d.gf.b...  ...ddhgcb...  ...dccccb...
..dcdggccb..  ..ccccccbb..  ..dcdgfbcb..  ...ddccbb...  ..dhhhgggb..  ..cdccccbb..
..ccchfcbb..                ..ccccccbb..                ..dcchgcbb..  ..ghggggff..
                                                        ..ghggggff..  ..b......a..
                                                                      ..b......a..
                                                                      ..bccccbba..
                                                                      ...ccbbba...
""")
MARKS = variants("""
patch         paint
..xxx.......  ............
...xxx......  ............
...xx.......  ............
............  ..cb....cb..
""")
TALL_HATS = {"crest-helm", "kabuto", "wizard-hat", "bent-hat", "witch-hat", "mitre"}
CROWNS = {"crown", "spiked-crown", "tall-crown", "tiara"}

# ---- bodies: first ramp main cloth or metal, second skin (plate: cloth), third legs or trim, fourth belt and boots

BODY = variants("""
tunic         skirted       robe          plate         dress         gown
..cdcccccb..  ..cdcccccb..  ..cdcccccb..  .ddcgggfccb.  ...gccccf...  ..cdlkkjcb..
.cdaccccacb.  .cdaccccacb.  .cdaccccabb.  .ccbhggfbcb.  .dcaccccacb.  .cdaclkcabb.
.cbacccbabb.  .cbannnmabb.  .ccaccccabb.  .bbahggfaba.  .gfacccbagf.  .ccaclkcabb.
.gfannnmagf.  .gfdccccbgf.  .gfakkkjagf.  .dcaggffadc.  .g.akkkja.f.  .gfackkcagf.
...kj..ji...  ..cccbccbb..  ..cdccccbb..  ...dc..cb...  ..cdccccbb..  ..cdckkcbb..
..onn..nnm..  ...on..nm...  .ccdccccbba.  ..dcb..cba..  .cdccccccbb.  .ccdckkcbba.

bare          gi            coat          overalls      lamellar
..ghggggff..  ..cdckkccb..  ..cdcwwcbb..  ..cdkccjcb..  ddcbkkkjdcbb
.ghegggfegf.  .cdackkbacb.  .cdacwwbacb.  .cdakccjacb.  ccbajjjiccba
.gfeghgfegf.  .cbaccjbabb.  .cbacwwbabb.  .cbakkkjabb.  bbakkkkjabba
.gfannnmagf.  .gfannnmagf.  .gfannpmagf.  .gfakkjjagf.  .gfajjjiagf.
..ccdcccbb..  ..ccc..cbb..  ..cckj.jbb..  ...kj..ji...  ..ckjccjkb..
...gf..ff...  ..on...onm..  ..onn..nnm..  ..onn..nnm..  ..onn..nnm..
""")
EXTRA = variants("""
cape          collar        scarf         knot          stole         beads         strap         pelt
.cccccccbb..  ..dccccccb..  ..cdcccccb..  .d..........  ....c..b....  ....c..c....  ...cb.......  .dc......cb.
cc........bb  ..cbcccbcb..  ...bccbba...  dc..........  ....c..b....  ....c..b....  ....cb......  .cba....bba.
cb........ba                ..cb........  .b..........  ....c..b....  .....cb.....  ......cb....  .b........a.
cb........ba                ..cb........                ....c..b....
ccbbbbbbbbba                                            ....c..b....
cbbbbbbbbbaa                                            ....c..b....
""")

# ---- things in a hand, from row 1 in columns 11 to 14: first ramp metal or gem, second shaft or grip

HELD = variants("""
sword  greatsword  cutlass  katana  dagger  axe   hammer  mace  spear  trident
....   ..d.        ....     ....    ....    ....  ....    ....  ..d.   .d.c
..d.   .ddc        ....     ...d    ....    ..g.  ....    ....  .dcb   .d.c
..dc   .ddb        ...d     ...d    ....    .dgb  ddcb    .dcb  .dcb   .ccb
..dc   .dcb        ..dc     ...d    ....    dcgb  dccb    ddcb  ..b.   ..b.
..dc   .dcb        ..dc     ..dc    ....    dcgb  ccbb    dccb  ..g.   ..g.
..dc   .dcb        ..dc     ..dc    ....    .cgb  bbba    ccba  ..g.   ..g.
..dc   .dcb        .ddc     ..dc    ..d.    ..g.  ..g.    .bba  ..f.   ..f.
..dc   .dcb        .dcb     ..d.    ..dc    ..f.  ..g.    ..g.  ..g.   ..g.
..cb   .dcb        .dcb     ..c.    ..db    ..g.  ..f.    ..f.  ..f.   ..f.
.ghf   .hgf        .hgf     ..c.    .ghf    ..f.  ..g.    ..g.  ..g.   ..g.
..f.   ..g.        ..gf     .hgf    ..f.    ..g.  ..f.    ..f.  ..f.   ..f.
..e.   ..f.        ..f.     ..f.            ..f.  ..g.    ..g.  ..g.   ..g.
                            ..g.            ..e.  ..f.    ..e.  ..f.   ..f.
                                                                ..e.   ..e.

hoe   scythe  orb-staff  crook  gem-staff  cross-staff  pole  broom  wand  sceptre
....  .ddg    .dc.       .hgg   ..d.       ..d.         ..h.  ..g.   ....  ....
dcgb  dccg    ddcb       .g.f   .dcb       .ddc         ..g.  ..g.   ....  ....
cbgb  cb.g    dccb       ..gf   ..b.       ..c.         ..g.  ..f.   ....  ....
b.g.  b..g    .cbf       ..g.   .gcf       ..c.         ..g.  ..g.   ....  ..c.
..g.  ..gf    .fgf       ..g.   ..g.       ..c.         ..g.  ..f.   ..d.  .dcb
..f.  ..g.    ..g.       ..f.   ..f.       ..b.         ..f.  ..g.   .dcb  ..b.
..g.  ..f.    ..g.       ..g.   ..g.       ..c.         ..g.  ..f.   ..b.  ..h.
..f.  ..g.    ..f.       ..f.   ..f.       ..b.         ..f.  ..g.   ..g.  ..g.
..g.  ..f.    ..g.       ..g.   ..g.       ..c.         ..g.  ..f.   ..g.  ..g.
..f.  ..g.    ..f.       ..f.   ..f.       ..b.         ..f.  ..f.   ..f.  ..f.
..g.  ..f.    ..g.       ..g.   ..g.       ..c.         ..g.  ..f.   ..f.  ..g.
..f.  ..g.    ..f.       ..f.   ..f.       ..b.         ..f.  .ddc         ..f.
      ..f.    ..g.       ..e.   ..g.       ..c.         ..g.  .dcb         ..f.
              ..e.              ..e.       ..b.         ..e.  .cbb

torch  club  book  shuriken  goblet  flower
....   ....  ....  ....      ....    ....
....   .hg.  ....  ....      ....    ....
....   hggf  ....  ....      ....    ....
..b.   hgff  ....  ....      ....    ....
..cb   hggf  ....  ....      ....    ....
.bdc   ggff  ....  ....      ....    ....
.bdc   .gf.  ....  ....      ....    .c.c
..cb   .gf.  ....  ....      ....    cdhc
..h.   ..g.  hccb  ..d.      .dcb    .cgb
..g.   ..g.  hdcb  .dxc      .ccb    .bcb
..f.   ..g.  hcdb  ..c.      ..b.    ..g.
..f.   ..f.  hccb            .cba    ..g.
       ..f.  gbba
""")
BOW = """
h#
.g#
b.g#
b..g#
b..g#
b..f#
b..f#
b..f#
b..f#
b.f#
.f#
f#
"""
SHIELDS = variants("""
round   heater  kite    tower   buckler
.ggg    ddghcb  hggf    hgggf   .hg
gddcf   dcghcb  gdcf    gdccf   hccg
gchcf   hhhggg  gdcf    gdhcf   gcbf
gccbf   ccghbb  gccf    ghhgf   .gf
.fff    .cghb   gccf    gchbf
        ..gf    .gf     gcbbf
                .gf     fffff
""")


def head(canvas, skin, hair="none", dye="brown", beard="none", hat="none", colours=()):
    """Face, hair, beard and hat, in this order; a hat that is no crown hides the hair above its brim.

    `dye` colours hair and beard, `colours` are the ramps of the hat.
    """
    drop = int(hat in TALL_HATS)
    canvas.paste(FACE, skin, at=(2 + drop, LEFT))
    canvas.paste(HAIR[hair], dye, at=(1 + drop, LEFT)).paste(BEARDS[beard], dye, at=(6 + drop, LEFT))
    if hat != "none" and hat not in CROWNS:
        canvas.opaque[: 4 + drop] = False
        canvas.rgb[: 4 + drop] = 255
    canvas.paste(HATS[hat], *colours, at=(1, LEFT))


def finish(canvas, skin, held="none", metal="steel", shaft="brown", shield="none", face="red", rim="gold", broad=False):
    """Outline the doll and fill its hands; it moves one column to our left if what it holds, or its hat, is broad."""
    canvas.outline()
    if broad or held == "bow" or held != "none" and any(row[:2].strip(".") for row in HELD[held].split("\n")[:9]):
        canvas.rgb[:] = np.roll(canvas.rgb, -1, axis=1)
        canvas.opaque[:] = np.roll(canvas.opaque, -1, axis=1)
    if held == "bow":
        canvas.paste(BOW, "grey", shaft, at=(3, 11)).paste("cb", skin, at=(9, 13))
    elif held != "none":
        canvas.stamp(HELD[held], metal, shaft, at=(1, 11)).paste("cb", skin, at=(12, 12))
    canvas.stamp(SHIELDS[shield], face, rim, at=(8, 1))


def wear(canvas, outfit, *ramps):
    """Put on a body."""
    canvas.paste(BODY[outfit], *ramps, at=(9, LEFT))


def add(canvas, extra, *ramps, row=9):
    """Put on an extra piece of clothing, or nothing where it or its colour is "none"."""
    if "none" not in ramps:
        canvas.paste(EXTRA[extra], *ramps, at=(row, LEFT))


# ---- the kinds; `look` is a pair of skin and hair colour


def knight(canvas, skin, helm, metal, cloth, weapon, shield):
    wear(canvas, "plate", metal, cloth)
    head(canvas, skin, hat=helm, colours=(metal, cloth))
    finish(canvas, metal, weapon, "steel", "brown", shield, cloth, "gold", broad=helm == "winged-helm")


def wizard(canvas, look, hat, robe, trim, beard, staff, gem):
    skin, dye = look
    wear(canvas, "robe", robe, skin, trim)
    head(canvas, skin, "fringe", dye, beard, hat, (robe, trim))
    finish(canvas, skin, staff, gem, "brown")


def witch(canvas, look, hair, robe, trim, held, potion):
    skin, dye = look
    wear(canvas, "dress", robe, skin, trim)
    head(canvas, skin, hair, dye, "none", "witch-hat", (robe, trim))
    finish(canvas, skin, held, "sand" if held == "broom" else potion, "brown")


def ranger(canvas, look, hat, hair, cloth, leather, weapon, cape):
    skin, dye = look
    add(canvas, "cape", cape)
    wear(canvas, "skirted", cloth, skin, "tan", leather)
    head(canvas, skin, hair, dye, "none", hat, (cloth, "red"))
    finish(canvas, skin, weapon, "steel", leather)


def ninja(canvas, skin, cloth, sash, scarf, weapon):
    wear(canvas, "gi", cloth, skin, sash, sash)
    head(canvas, skin, hat="ninja-mask", colours=(cloth, sash))
    add(canvas, scarf, sash, row=4 if scarf == "knot" else 9)
    finish(canvas, skin, weapon, "steel", sash)


def king(canvas, look, crown, robe, trim, beard, held, gem):
    skin, dye = look
    add(canvas, "cape", robe)
    wear(canvas, "gown", robe, skin, trim)
    add(canvas, "collar", "white")
    head(canvas, skin, "sides", dye, beard, crown, ("gold", gem))
    finish(canvas, skin, held, {"goblet": "gold", "sword": "steel"}.get(held, gem), "gold")


def princess(canvas, look, hair, crown, dress, trim, held, gem):
    skin, dye = look
    wear(canvas, "dress", dress, skin, trim)
    head(canvas, skin, hair, dye, "none", crown, ("gold", gem))
    finish(canvas, skin, held, gem, "forest" if held == "flower" else "gold")


def farmer(canvas, look, hat, hair, shirt, overalls, tool):
    skin, dye = look
    wear(canvas, "overalls", shirt, skin, overalls, "brown")
    head(canvas, skin, hair, dye, "none", hat, ("sand" if hat == "straw-hat" else shirt, "red"))
    finish(canvas, skin, tool, "steel", "tan")


def monk(canvas, look, hair, beard, robe, sash, beads, held):
    skin, dye = look
    wear(canvas, "gi", robe, skin, sash, sash)
    head(canvas, skin, hair, dye, beard)
    add(canvas, "beads", beads)
    finish(canvas, skin, held, "gold", "brown")


def pirate(canvas, look, hat, hat_cloth, coat, beard, patch, weapon):
    skin, dye = look
    wear(canvas, "coat", coat, skin, "brown", "black")
    head(canvas, skin, "sides", dye, beard, hat, (hat_cloth, "gold"))
    canvas.paste(MARKS[patch], at=(4, LEFT))
    finish(canvas, skin, weapon, "steel", "gold")


def viking(canvas, look, helm, beard, cloth, fur, weapon, shield):
    skin, dye = look
    wear(canvas, "skirted", cloth, skin, "brown", "chestnut")
    add(canvas, "collar", fur)
    head(canvas, skin, "sides", dye, beard, helm, ("iron", "sand"))
    finish(canvas, skin, weapon, "steel", "brown", shield, cloth, fur, broad=helm != "nasal-helm")


def priest(canvas, look, hat, robe, trim, beard, held):
    skin, dye = look
    wear(canvas, "robe", robe, skin, trim)
    add(canvas, "stole", trim)
    head(canvas, skin, "sides", dye, beard, hat, (robe, trim))
    finish(canvas, skin, held, trim, "gold")


def adventurer(canvas, look, hair, tunic, trousers, cape, weapon, shield):
    skin, dye = look
    add(canvas, "cape", cape)
    wear(canvas, "tunic", tunic, skin, trousers, "brown")
    head(canvas, skin, hair, dye)
    finish(canvas, skin, weapon, "amber" if weapon == "torch" else "steel", "brown", shield, tunic, "gold")


def samurai(canvas, skin, armour, trim, beard, weapon):
    wear(canvas, "lamellar", armour, skin, trim, "black")
    head(canvas, skin, "none", "black", beard, "kabuto", (armour, "gold"))
    finish(canvas, skin, weapon, "steel", trim)


def gladiator(canvas, skin, metal, plume, cape, weapon, shield):
    add(canvas, cape, plume)
    wear(canvas, "bare", plume, skin, "brown", metal)
    add(canvas, "strap", "black")
    head(canvas, skin, hat="crest-helm", colours=(metal, plume))
    finish(canvas, skin, weapon, "steel", "brown", shield, plume, metal)


def barbarian(canvas, look, hair, beard, fur, harness, paint, weapon):
    skin, dye = look
    wear(canvas, "bare", fur, skin, "brown", "black")
    add(canvas, harness, fur if harness == "pelt" else "iron")
    head(canvas, skin, hair, dye, beard)
    if paint != "none":
        canvas.paste(MARKS["paint"], paint, at=(4, LEFT))
    finish(canvas, skin, weapon, "iron", "brown")


DEEP = ((54, 32, 31), (87, 54, 41), (122, 78, 58), (163, 115, 90))  # "ebony" is too dark for its eyes to show
HAIRS_FOR = {
    "porcelain": ["black", "chestnut", "ginger", "blond", "brown"],
    "fair": ["black", "brown", "chestnut", "blond"],
    "olive": ["black", "brown", "chestnut", "grey"],
    "bronzed": ["black", "blond"],
    "umber": ["black", "blond"],
    DEEP: ["black", "grey"],
}
SKINS = list(HAIRS_FOR)
LOOKS = [(skin, hair) for skin, hairs in HAIRS_FOR.items() for hair in hairs]
MAGIC_LOOKS = LOOKS + [("porcelain", "purple"), ("fair", "teal"), ("olive", "indigo"), ("porcelain", "white")]
OLD_LOOKS = [(skin, hair) for skin in ("porcelain", "fair", "bronzed", "umber") for hair in ("white", "grey")]

KINDS = {
    "knight": Kind(
        knight,
        skin=SKINS,
        helm=["open-helm", "slit-helm", "great-helm", "nasal-helm", "plumed-helm", "winged-helm"],
        metal=["steel", "iron", "gold", "mithril"],
        cloth=["red", "green", "blue", "purple", "amber", "teal", "white"],
        weapon=["sword", "greatsword", "axe", "mace", "spear"],
        shield=["none", "heater", "kite", "tower"],
        ink=COLD_INKS,
    ),
    "wizard": Kind(
        wizard,
        look=OLD_LOOKS + LOOKS[:6],
        hat=["wizard-hat", "bent-hat", "pointed-hood"],
        robe=["red", "blue", "navy", "indigo", "purple", "magenta", "forest", "teal"],
        trim=["gold", "white", "cyan"],
        beard=["none", "full", "long"],
        staff=["orb-staff", "gem-staff", "crook", "wand", "book"],
        gem=["cyan", "lime", "red", "yellow"],
        ink=WARM_COLD_INKS,
    ),
    "witch": Kind(
        witch,
        look=MAGIC_LOOKS,
        hair=["bob", "long", "tails", "curly"],
        robe=["black", "purple", "indigo", "forest", "crimson", "navy"],
        trim=["orange", "lime", "gold", "magenta"],
        held=["broom", "wand", "orb-staff", "goblet"],
        potion=["lime", "magenta", "cyan"],
        ink=PLUM_INKS,
    ),
    "ranger": Kind(
        ranger,
        look=LOOKS,
        hat=["feather-cap", "hood", "none"],
        hair=["short", "parted", "bob"],
        cloth=["green", "forest", "teal", "lime", "crimson", "navy"],
        leather=["brown", "chestnut"],
        weapon=["bow", "dagger", "spear"],
        cape=["none", "forest", "crimson", "purple"],
        ink=["night", "umber", "moss"],
    ),
    "ninja": Kind(
        ninja,
        skin=SKINS,
        cloth=["black", "navy", "indigo", "forest", "white", "purple", "teal", "grey"],
        sash=["red", "amber", "cyan", "lime", "magenta", "orange"],
        scarf=["none", "scarf", "knot"],
        weapon=["none", "katana", "dagger", "shuriken"],
        ink=COLD_PLUM_INKS,
    ),
    "king": Kind(
        king,
        look=LOOKS + OLD_LOOKS,
        crown=["crown", "spiked-crown", "tall-crown"],
        robe=["red", "crimson", "blue", "purple", "forest", "teal"],
        trim=["white", "gold"],
        beard=["none", "moustache", "full", "long", "goatee"],
        held=["none", "sceptre", "sword", "goblet"],
        gem=["red", "cyan", "lime", "magenta"],
        ink=WARM_PLUM_INKS,
    ),
    "princess": Kind(
        princess,
        look=LOOKS,
        hair=["long", "bob", "tails", "bun", "curly"],
        crown=["tiara", "spiked-crown", "none"],
        dress=["pink", "magenta", "rose", "cyan", "lime", "purple", "yellow", "blue"],
        trim=["white", "gold"],
        held=["none", "wand", "sceptre", "flower"],
        gem=["red", "cyan", "magenta"],
        ink=PLUM_INKS,
    ),
    "farmer": Kind(
        farmer,
        look=LOOKS,
        hat=["straw-hat", "bandana", "none"],
        hair=["short", "bob", "tails", "curly"],
        shirt=["red", "white", "amber", "green", "crimson", "cyan"],
        overalls=["blue", "navy", "brown", "indigo"],
        tool=["none", "trident", "hoe", "scythe"],
        ink=WARM_COLD_INKS,
    ),
    "monk": Kind(
        monk,
        look=[*OLD_LOOKS, ("fair", "black"), ("olive", "black"), ("umber", "black"), ("porcelain", "brown")],
        hair=["none", "sides", "bun"],
        beard=["none", "moustache", "goatee", "full", "long"],
        robe=["orange", "amber", "brown", "crimson", "blue", "white"],
        sash=["red", "yellow", "black", "white"],
        beads=["none", "chestnut", "teal"],
        held=["none", "pole", "crook"],
        ink=WARM_COLD_INKS,
    ),
    "pirate": Kind(
        pirate,
        look=LOOKS,
        hat=["tricorn", "bandana"],
        hat_cloth=["black", "crimson", "navy", "red"],
        coat=["red", "navy", "teal", "purple", "forest", "amber"],
        beard=["none", "stubble", "full", "braids"],
        patch=["none", "patch"],
        weapon=["none", "cutlass", "dagger"],
        ink=WARM_INKS,
    ),
    "viking": Kind(
        viking,
        look=[(skin, dye) for skin in ("porcelain", "fair", "olive") for dye in ("blond", "ginger", "brown", "grey")],
        helm=["horned-helm", "nasal-helm", "winged-helm"],
        beard=["full", "long", "braids"],
        cloth=["red", "blue", "green", "chestnut", "teal", "navy"],
        fur=["brown", "tan", "grey"],
        weapon=["axe", "hammer", "sword"],
        shield=["none", "round", "buckler"],
        ink=WARM_INKS,
    ),
    "priest": Kind(
        priest,
        look=LOOKS + OLD_LOOKS,
        hat=["mitre", "pointed-hood", "none"],
        robe=["white", "sand", "crimson", "navy", "purple"],
        trim=["gold", "red", "cyan"],
        beard=["none", "goatee", "full"],
        held=["none", "cross-staff", "crook", "book"],
        ink=WARM_COLD_INKS,
    ),
    "adventurer": Kind(
        adventurer,
        look=LOOKS,
        hair=["short", "spiky", "parted", "bob", "long", "tails", "bun", "curly"],
        tunic=["red", "orange", "green", "forest", "teal", "blue", "navy", "purple", "magenta"],
        trousers=["brown", "tan", "grey", "navy"],
        cape=["none", "red", "blue", "forest"],
        weapon=["none", "sword", "torch", "dagger"],
        shield=["none", "buckler", "round"],
        ink=WARM_COLD_INKS,
    ),
    "samurai": Kind(
        samurai,
        skin=SKINS,
        armour=["red", "crimson", "black", "navy", "forest", "purple"],
        trim=["gold", "red", "white", "cyan"],
        beard=["none", "moustache", "goatee", "full"],
        weapon=["katana", "spear", "greatsword"],
        ink=WARM_COLD_INKS,
    ),
    "gladiator": Kind(
        gladiator,
        skin=SKINS,
        metal=["gold", "steel", "mithril", "iron"],
        plume=["red", "crimson", "blue", "purple", "forest", "orange"],
        cape=["none", "cape"],
        weapon=["spear", "sword", "trident"],
        shield=["none", "round", "tower", "buckler"],
        ink=WARM_INKS,
    ),
    "barbarian": Kind(
        barbarian,
        look=LOOKS,
        hair=["spiky", "long", "mohawk", "curly"],
        beard=["none", "stubble", "full", "braids"],
        fur=["grey", "white", "crimson", "forest", "black", "navy"],
        harness=["none", "pelt", "strap"],
        paint=["none", "red", "blue"],
        weapon=["club", "axe", "hammer"],
        ink=WARM_INKS,
    ),
}
