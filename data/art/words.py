"""How each kind of sprite is said: the words that `data/make_captions.py` makes captions of.

A kind has a noun and *entries*. An entry says one choice of the recipe: where the words stand, which option they are
about, and the words for each of its values (one phrase for all of them, where the values need no telling apart):

    ("with", "beard", {"full": "a {look:1} beard", "long": "a long {look:1} beard"})

{robe} is the colour of the option `robe`; {look:1} that of the second entry of an option that is a pair. A value that
is not among the phrases, and the value "none", are not said. An empty value keeps the part, without a word for it.
The places:

    colour   before the noun: "a red dragon"                  in        "in a purple robe"
    adj      before the colour: "a bitten red apple"          with      "with a long white beard"
    mood     as adj, but only one of them is said             holding   "holding a staff"
    noun     instead of the noun: "a slice of watermelon"     playing   "playing a lute"
    of       behind the noun: "a mug of tea"                  post      at the end, as it stands: "on a white plate"

`~` in a noun is where the colour goes, if not before the noun: "a slice of red watermelon". The *main* option of a kind
is the one whose colour the sprite has before all others; its entry stands first.
"""

# What a person calls each ramp of pixels.RAMPS when it is seen on a sprite.
COLOURS = {
    "red": "red", "crimson": "dark red", "orange": "orange", "amber": "yellow", "yellow": "yellow",
    "lime": "light green", "green": "green", "forest": "dark green", "teal": "teal", "cyan": "light blue",
    "blue": "blue", "navy": "dark blue", "indigo": "violet", "purple": "purple", "magenta": "magenta",
    "pink": "pink", "rose": "pink", "brown": "brown", "chestnut": "reddish brown", "tan": "light brown",
    "sand": "beige", "black": "black", "grey": "grey", "white": "white", "blond": "yellow", "ginger": "orange",
    "steel": "grey", "iron": "dark grey", "gold": "golden", "bronze": "brown", "copper": "copper",
    "mithril": "pale blue", "porcelain": "beige", "umber": "dark brown",
}  # fmt: skip
HAIR = COLOURS | {"blond": "blond", "ginger": "ginger", "chestnut": "chestnut"}
METAL = COLOURS | {"steel": "silver", "bronze": "bronze"}
DOUGH = COLOURS | {"ginger": "golden brown", "bronze": "brown", "brown": "dark brown", "blond": "pale yellow"}
SWEET = COLOURS | {"umber": "chocolate", "blond": "pale yellow", "amber": "golden"}
# The three ramps of a fire (art/spell.py) are seen as one colour.
FIRE = {
    "fire": "red and orange", "ember": "dark red", "sun": "orange", "ghost": "blue", "frost": "light blue",
    "venom": "green",
    "arcane": "purple", "hex": "magenta", "shadow": "dark purple", "soul": "teal",
}  # fmt: skip
SPRINKLES = {"candy": "colourful", "fruit": "colourful", "snow": "pale", "cocoa": "brown"}
SIDES = {"left": "left", "right": "right"}

# A hurried person says only the last word ("red" for dark red), but these otherwise.
SHORT = {"magenta": "pink", "violet": "purple", "reddish brown": "brown", "golden brown": "brown"}
NO_COLOUR = {"light", "dark", "pale", "reddish", "and"}  # words that stand before one
# What counts as *the* colour of a sprite: one of thirteen words.
PLAIN = {
    "magenta": "pink", "violet": "purple", "blond": "yellow", "ginger": "orange", "chestnut": "brown",
    "silver": "grey", "golden": "yellow", "golden brown": "brown", "bronze": "brown", "copper": "orange",
    "chocolate": "brown", "dark chocolate": "brown", "milk chocolate": "brown", "white chocolate": "white",
    "pink icing": "pink",
}  # fmt: skip

# ---- phrases that several kinds share

MOODS = {"angry": "angry", "sleepy": "sleepy", "happy": "happy", "one": "one-eyed"}
MOUTHS = ("with", "mouth", {"fangs": "fangs", "open": "an open mouth", "nip": "fangs"})
SMILE = ("mood", "mouth", {"smile": "smiling", "frown": "sad"})
OLD = {"white": "old", "grey": "old"}
BEARDS = {"full": "a {0} beard", "long": "a long {0} beard", "braids": "a braided {0} beard",
          "goatee": "a short {0} beard", "short": "a short {0} beard", "moustache": "a {0} moustache"}  # fmt: skip
STYLES = {"short": "short {0} hair", "long": "long {0} hair", "bob": "{0} hair", "parted": "{0} hair",
          "tails": "{0} pigtails", "bun": "{0} hair in a bun", "curly": "curly {0} hair", "spiky": "spiky {0} hair",
          "mohawk": "a {0} mohawk", "ponytail": "a {0} ponytail"}  # fmt: skip
RUNES = {"bolt": "a {0} lightning bolt", "cross": "a {0} cross", "diamond": "a {0} diamond", "moon": "a {0} moon",
         "heart": "a {0} heart", "tree": "a {0} rune", "eye": "a {0} rune", "loop": "a {0} rune",
         "glass": "a {0} hourglass", "writing": "{0} writing"}  # fmt: skip
CHARMS = {"star": "a {0} star", "heart": "a {0} heart", "moon": "a {0} moon", "gem": "a {0} gem", "orb": "a {0} orb",
          "drop": "a {0} drop"}  # fmt: skip
AURA = {"stars": "{0} sparkles", "motes": "{0} sparks", "glow": "a {0} glow"}
LEAF = ("with", "leaf", {"small": "a {leaf_colour} leaf", "long": "a {leaf_colour} leaf",
                         "pair": "two {leaf_colour} leaves"})  # fmt: skip
BITTEN = ("adj", "bites", "bitten")
PLATE = ("post", "plate", "on a {plate} plate")
TROUSERS = ("in", "trousers", "{trousers} trousers")
SPRINKLED = ("with", "sprinkles", "{sprinkle_colours} sprinkles")
STEAMING = ("adj", "steam", "steaming")


def _of(phrases, colour, more=""):
    """The shared phrases, in the colour of an option, each with some words more."""
    return {value: phrase.replace("{0}", "{" + colour + "}") + more for value, phrase in phrases.items()}


def beard(colour, option="beard"):
    return "with", option, _of(BEARDS, colour)


def hair(colour, option="hair"):
    return "with", option, _of(STYLES, colour)


def rune(option, colour, more=""):
    return "with", option, _of(RUNES, colour, more)


def charm(option, colour, more=""):
    return "with", option, _of(CHARMS, colour, more)


def aura(colour, option="aura"):
    return "with", option, _of(AURA, colour)


class Said:
    """How a kind is said: its noun (mass: without an article, as "cherries", "bread"), its main option, its entries,
    and own words for the values of some options."""

    def __init__(self, noun, main, *entries, mass=False, **words):
        self.noun, self.main, self.entries, self.mass, self.words = noun, main, entries, mass, words


# fmt: off
HERO = {
    "knight": Said(
        "knight", "metal",
        ("in", "metal", "{metal} armour"),
        ("in", "cloth", "a {cloth} surcoat"),
        ("with", "helm", {"slit-helm": "a closed helmet", "great-helm": "a closed helmet",
            "open-helm": "an open helmet", "plumed-helm": "a {cloth} plume", "winged-helm": "a winged helmet"}),
        ("holding", "weapon", {"sword": "a sword", "greatsword": "a big sword", "axe": "an axe", "mace": "a mace",
            "spear": "a spear"}),
        ("holding", "shield", {"heater": "a {cloth} shield", "kite": "a long {cloth} shield",
            "tower": "a tall {cloth} shield"}),
        metal=METAL,
    ),
    "wizard": Said(
        "wizard", "robe",
        ("in", "robe", "a {robe} robe"),
        ("adj", "look:1", OLD),
        ("with", "hat", {"wizard-hat": "a pointed {robe} hat", "bent-hat": "a bent {robe} hat",
            "pointed-hood": "a {robe} hood"}),
        beard("look:1"),
        ("holding", "staff", {"orb-staff": "a staff with a {gem} orb", "gem-staff": "a staff with a {gem} gem",
            "crook": "a crook", "wand": "a wand with a {gem} tip", "book": "a {gem} book"}),
        look=HAIR,
    ),
    "witch": Said(
        "witch", "robe",
        ("in", "robe", "a {robe} dress"),
        ("with", "robe", "a pointed {robe} hat"),
        hair("look:1"),
        ("holding", "held", {"broom": "a broom", "wand": "a wand with a {potion} tip",
            "orb-staff": "a staff with a {potion} orb", "goblet": "a {potion} cup"}),
        look=HAIR,
    ),
    "ranger": Said(
        "ranger", "cloth",
        ("in", "cloth", "a {cloth} tunic"),
        ("with", "hat", {"feather-cap": "a {cloth} cap with a feather", "hood": "a {cloth} hood"}),
        hair("look:1"),
        ("with", "cape", "a {cape} cape"),
        ("holding", "weapon", {"bow": "a bow", "dagger": "a dagger", "spear": "a spear"}),
        look=HAIR,
    ),
    "ninja": Said(
        "ninja", "cloth",
        ("in", "cloth", "{cloth} clothes"),
        ("with", "sash", "a {sash} headband"),
        ("with", "sash", "a {sash} sash"),
        ("with", "scarf", {"scarf": "a {sash} scarf"}),
        ("holding", "weapon", {"katana": "a katana", "dagger": "a dagger", "shuriken": "a throwing star"}),
    ),
    "king": Said(
        "king", "robe",
        ("in", "robe", "a {robe} robe"),
        ("adj", "look:1", OLD),
        ("with", "crown", "a golden crown"),
        beard("look:1"),
        ("holding", "held", {"sceptre": "a sceptre with a {gem} gem", "sword": "a sword", "goblet": "a golden cup"}),
        look=HAIR,
    ),
    "princess": Said(
        "princess", "dress",
        ("in", "dress", "a {dress} dress"),
        ("with", "crown", {"tiara": "a tiara", "spiked-crown": "a golden crown"}),
        hair("look:1"),
        ("holding", "held", {"wand": "a wand with a {gem} tip", "sceptre": "a sceptre with a {gem} gem",
            "flower": "a {gem} flower"}),
        look=HAIR,
    ),
    "farmer": Said(
        "farmer", "overalls",
        ("in", "overalls", "{overalls} overalls"),
        ("in", "shirt", "a {shirt} shirt"),
        ("with", "hat", {"straw-hat": "a straw hat", "bandana": "a {shirt} bandana"}),
        hair("look:1"),
        ("holding", "tool", {"trident": "a pitchfork", "hoe": "a hoe", "scythe": "a scythe"}),
        look=HAIR,
    ),
    "monk": Said(
        "monk", "robe",
        ("in", "robe", "a {robe} robe"),
        ("adj", "look:1", OLD),
        ("adj", "hair", {"none": "bald"}),
        ("with", "hair", {"bun": "{look:1} hair in a bun"}),
        beard("look:1"),
        ("with", "sash", "a {sash} sash"),
        ("with", "beads", "{beads} beads"),
        ("holding", "held", {"pole": "a long stick", "crook": "a crook"}),
        look=HAIR,
    ),
    "pirate": Said(
        "pirate", "coat",
        ("in", "coat", "a {coat} coat"),
        ("with", "hat", {"tricorn": "a three-cornered {hat_cloth} hat", "bandana": "a {hat_cloth} bandana"}),
        beard("look:1"),
        ("with", "patch", "an eye patch"),
        ("holding", "weapon", {"cutlass": "a cutlass", "dagger": "a dagger"}),
        look=HAIR,
    ),
    "viking": Said(
        "viking", "cloth",
        ("in", "cloth", "a {cloth} tunic"),
        ("with", "helm", {"horned-helm": "a horned helmet", "nasal-helm": "a pointed helmet",
            "winged-helm": "a winged helmet"}),
        beard("look:1"),
        ("with", "fur", "a {fur} collar"),
        ("holding", "weapon", {"axe": "an axe", "hammer": "a hammer", "sword": "a sword"}),
        ("holding", "shield", {"round": "a round {cloth} shield", "buckler": "a small {cloth} shield"}),
        look=HAIR,
    ),
    "priest": Said(
        "priest", "robe",
        ("in", "robe", "a {robe} robe"),
        ("adj", "look:1", OLD),
        ("with", "hat", {"mitre": "a tall {robe} hat", "pointed-hood": "a {robe} hood"}),
        beard("look:1"),
        ("with", "trim", "a {trim} stole"),
        ("holding", "held", {"cross-staff": "a {trim} cross", "crook": "a golden crook", "book": "a {trim} book"}),
        look=HAIR,
    ),
    "adventurer": Said(
        "adventurer", "tunic",
        ("in", "tunic", "a {tunic} tunic"),
        TROUSERS,
        hair("look:1"),
        ("with", "cape", "a {cape} cape"),
        ("holding", "weapon", {"sword": "a sword", "torch": "a torch", "dagger": "a dagger"}),
        ("holding", "shield", {"buckler": "a small {tunic} shield", "round": "a round {tunic} shield"}),
        look=HAIR,
    ),
    "samurai": Said(
        "samurai", "armour",
        ("in", "armour", "{armour} armour"),
        ("with", "armour", "a horned {armour} helmet"),
        ("with", "beard", {"full": "a black beard", "goatee": "a short black beard",
            "moustache": "a black moustache"}),
        ("with", "trim", "{trim} lacing"),
        ("holding", "weapon", {"katana": "a katana", "spear": "a spear", "greatsword": "a big sword"}),
    ),
    "gladiator": Said(
        "gladiator", "plume",
        ("with", "plume", "a {plume} plume"),
        ("with", "metal", "a {metal} helmet"),
        ("with", "cape", "a {plume} cape"),
        ("holding", "weapon", {"spear": "a spear", "sword": "a sword", "trident": "a trident"}),
        ("holding", "shield", {"round": "a round {plume} shield", "tower": "a tall {plume} shield",
            "buckler": "a small {plume} shield"}),
        metal=METAL,
    ),
    "barbarian": Said(
        "barbarian", "fur",
        ("in", "fur", "a {fur} loincloth"),
        hair("look:1"),
        beard("look:1"),
        ("with", "harness", {"pelt": "a {fur} pelt", "strap": "a strap across the chest"}),
        ("with", "paint", "{paint} war paint"),
        ("holding", "weapon", {"club": "a club", "axe": "an axe", "hammer": "a hammer"}),
        look=HAIR,
    ),
}

CREATURE = {
    "slime": Said(
        "slime", "jelly",
        ("colour", "jelly", "{jelly}"),
        ("adj", "shape", {"cube": "square"}),
        ("mood", "eyes", MOODS),
        SMILE,
        MOUTHS,
        ("with", "top", {"short": "horns", "curved": "curved horns", "sprout": "a green sprout",
            "antennae": "antennae", "crown": "a golden crown"}),
    ),
    "bat": Said(
        "bat", "fur",
        ("colour", "fur", "{fur}"),
        ("with", "wings", {"up": "raised {wing_skin} wings", "wide": "wide {wing_skin} wings",
            "down": "{wing_skin} wings"}),
        ("with", "ears", {"tall-ears": "tall ears", "round-ears": "round ears", "tuft": "a tuft"}),
        ("with", "eyes", "{glow} eyes"),
        ("with", "belly", "a {belly} belly"),
    ),
    "ghost": Said(
        "ghost", "cloth",
        ("colour", "cloth", "{cloth}"),
        ("mood", "eyes", MOODS),
        SMILE,
        MOUTHS,
        ("with", "arms", {"up": "raised arms"}),
        ("with", "top", {"horns": "{dye} horns", "bow": "a {dye} bow", "crown": "a {dye} crown",
            "cap": "a {dye} cap"}),
    ),
    "spider": Said(
        "spider", "shell",
        ("colour", "shell", "{shell}"),
        ("with", "marks", {"hourglass": "a {mark_dye} mark on its back", "cross": "a {mark_dye} cross on its back",
            "bands": "{mark_dye} stripes", "dots": "{mark_dye} spots", "skull": "a {mark_dye} mark on its back"}),
        ("with", "eyes", "{eye_dye} eyes"),
        ("with", "legs", {"raised": "raised legs"}),
    ),
    "dragon": Said(
        "dragon", "scales",
        ("colour", "scales", "{scales}"),
        ("with", "wings", {"up": "raised {wing_skin} wings", "wide": "wide {wing_skin} wings",
            "down": "{wing_skin} wings"}),
        ("with", "horns", {"straight": "horns", "curved": "curved horns", "antlers": "antlers", "ears": "big ears"}),
        ("with", "belly", "a {belly} belly"),
        ("with", "tail", {"flame": "a burning tail"}),
    ),
    "snake": Said(
        "snake", "scales",
        ("colour", "scales", "{scales}"),
        ("with", "neck", {"hood": "a hood", "frill": "a frill"}),
        ("with", "marks", {"bands": "{mark_dye} stripes", "diamonds": "{mark_dye} diamonds",
            "line": "a {mark_dye} line"}),
        ("with", "tongue", {"fork": "a red tongue", "fangs": "fangs"}),
        ("with", "tail", {"rattle": "a rattle"}),
        ("with", "belly", "a {belly} belly"),
    ),
    "floating eye": Said(
        "floating eye", "iris",
        ("with", "iris", "a {iris} iris"),
        ("mood", "lid", {"angry": "angry", "half": "sleepy"}),
        ("with", "lid", {"half": "a {flesh} eyelid", "angry": "a {flesh} eyelid", "veins": "{flesh} veins"}),
        ("with", "top", {"stalks": "{flesh} stalks", "lashes": "{flesh} lashes", "horns": "horns",
            "spikes": "{flesh} spikes"}),
        ("with", "tail", {"tentacles": "{flesh} tentacles"}),
    ),
    "mushroom": Said(
        "mushroom", "cap_dye",
        ("colour", "cap_dye", "{cap_dye}"),
        ("with", "spots", {"big": "big white spots", "small": "small white spots", "rings": "white rings"}),
        ("with", "cap", {"pointed": "a pointed cap", "flat": "a flat cap"}),
        ("mood", "eyes", MOODS),
        SMILE,
        MOUTHS,
        ("with", "arms", {"up": "raised arms"}),
    ),
    "golem": Said(
        "golem", "stone",
        ("colour", "stone", "{stone}"),
        ("mood", "eyes", {"one": "one-eyed"}),
        ("with", "core", {"gem": "a {glow} gem in its chest", "furnace": "a {glow} core", "rune": "a {glow} rune",
            "crack": "a {glow} crack in its chest"}),
        ("with", "growth", {"crystals": "{glow} crystals on its shoulders", "moss": "green moss",
            "snow": "snow on its head"}),
        ("with", "arms", {"fists-up": "raised fists", "clubs": "big fists"}),
        ("with", "eyes", {"two": "{glow} eyes"}),
    ),
    "beast": Said(
        "beast", "fur",
        ("colour", "fur", "{fur}"),
        ("with", "ears", {"pointed": "pointed ears", "round": "round ears", "wide": "big round ears",
            "lop": "floppy ears", "tall": "tall ears"}),
        ("mood", "eyes", MOODS),
        ("with", "muzzle", {"fangs": "fangs", "tongue": "a red tongue", "snout": "a snout"}),
        ("with", "marks", {"stripes": "stripes", "mask": "a {light} mask", "blaze": "a {light} blaze"}),
        ("with", "tail", {"bushy": "a bushy tail", "ringed": "a ringed tail"}),
    ),
    "octopus": Said(
        "octopus", "skin",
        ("colour", "skin", "{skin}"),
        ("mood", "eyes", MOODS),
        SMILE,
        MOUTHS,
        ("with", "marks", {"spots": "spots", "rings": "rings", "stripes": "stripes"}),
        ("with", "top", {"crown": "a golden crown", "bow": "a bow"}),
        ("with", "tentacles", {"curled": "curled arms"}),
    ),
    "crab": Said(
        "crab", "shell",
        ("colour", "shell", "{shell}"),
        ("adj", "shape", {"spiny": "spiny", "wide": "wide"}),
        ("mood", "eyes", MOODS),
        SMILE,
        MOUTHS,
        ("with", "marks", {"spots": "spots", "bands": "stripes", "star": "a star on its shell"}),
    ),
    "owl": Said(
        "owl", "feathers",
        ("colour", "feathers", "{feathers}"),
        ("mood", "eyes", {"sleepy": "sleepy", "cross": "angry"}),
        ("with", "wings", {"spread": "spread wings", "raised": "raised wings"}),
        ("with", "tufts", {"points": "pointed ears", "horns": "long ears", "round": "round ears"}),
        ("with", "eyes", {"wide": "{eye_dye} eyes", "big": "big {eye_dye} eyes", "cross": "{eye_dye} eyes"}),
        ("with", "light", "a {light} belly"),
    ),
    "plant": Said(
        "plant", "head_dye",
        ("colour", "head_dye", "{head_dye}"),
        ("noun", "head", {"round": "flower", "spiky": "flower"}),
        ("mood", "eyes", MOODS),
        ("mood", "mouth", {"smile": "smiling"}),
        ("with", "head", {"trap": "sharp teeth", "bud": "a closed mouth"}),
        ("with", "base", {"leaves": "{stem} leaves", "roots": "roots"}),
        ("post", "base", {"pot": "in a {pot} pot"}),
    ),
    "imp": Said(
        "imp", "skin",
        ("colour", "skin", "{skin}"),
        ("with", "horns", {"short": "short horns", "long": "long horns", "ram": "curled horns"}),
        ("with", "wings", {"up": "raised wings", "wide": "wide wings"}),
        ("with", "glow", "{glow} eyes"),
        ("with", "belly", "a {belly} belly"),
        ("holding", "held", {"trident": "a trident", "club": "a club"}),
    ),
    "bee": Said(
        "bee", "fur",
        ("colour", "fur", "{fur}"),
        ("adj", "shape", {"fluffy": "fluffy", "round": "round", "long": "long"}),
        ("mood", "eyes", MOODS),
        SMILE,
        ("with", "stripes", "{stripes} stripes"),
        ("with", "wings", "{wing_dye} wings"),
        ("with", "feelers", {"curled": "curled feelers", "knobs": "feelers", "straight": "feelers"}),
    ),
    "skull": Said(
        "skull", "bone",
        ("colour", "bone", "{bone}"),
        ("mood", "sockets", {"angry": "angry", "one": "one-eyed"}),
        ("with", "back", {"flames": "{back_dye} flames", "bones": "crossed bones", "horns": "{back_dye} horns",
            "bat wings": "{back_dye} wings"}),
        ("with", "sockets", {"glow": "glowing {glow} eyes", "one": "a {glow} eye", "angry": "{glow} eyes"}),
        ("with", "jaw", {"tusks": "tusks", "open": "an open mouth"}),
        ("with", "crack", "a crack"),
    ),
    "mimic": Said(
        "mimic", "wood",
        ("colour", "wood", "{wood}"),
        ("mood", "eyes", {"one": "one-eyed"}),
        ("with", "teeth", {"sharp": "sharp teeth", "fangs": "fangs", "blunt": "blunt teeth"}),
        ("with", "eyes", {"two": "{glow} eyes", "one": "a {glow} eye", "many": "many {glow} eyes"}),
        ("with", "tongue", {"left": "a {tongue_dye} tongue", "long": "a long {tongue_dye} tongue"}),
        ("with", "metal", "{metal} bands"),
        metal=METAL,
    ),
    "frog": Said(
        "frog", "skin",
        ("colour", "skin", "{skin}"),
        ("mood", "eyes", MOODS),
        ("with", "belly", "a {belly} belly"),
        ("with", "mouth", {"tongue": "a red tongue", "fangs": "fangs"}),
        ("with", "marks", {"spots": "spots", "stripe": "a stripe", "warts": "warts"}),
        ("with", "top", {"crown": "a golden crown", "leaf": "a leaf on its head"}),
    ),
}

FOOD = {
    "apple": Said(
        "apple", "skin:0",
        ("colour", "skin:0", "{skin:0}"),
        BITTEN,
        ("with", "mark", {"blush": "a {skin:1} patch", "stripes": "{skin:1} stripes", "freckles": "{skin:1} specks"}),
        LEAF,
    ),
    "pear": Said(
        "pear", "skin:0",
        ("colour", "skin:0", "{skin:0}"),
        BITTEN,
        ("with", "mark", {"blush": "a {skin:1} patch", "stripes": "{skin:1} stripes", "freckles": "{skin:1} specks"}),
        LEAF,
    ),
    "cherries": Said(
        "cherries", "flesh",
        ("colour", "flesh", "{second} and {flesh}"),
        ("adj", "number", {"pair": "two", "trio": "three"}),
        LEAF,
        ("with", "stem", "{stem} stems"),
        mass=True,
    ),
    "grapes": Said(
        "grapes", "berry:0",
        ("colour", "berry:0", "{berry:0}"),
        LEAF,
        ("with", "shadow", {"mixed": "some {berry:1} ones"}),
        mass=True,
    ),
    "strawberry": Said(
        "strawberry", "flesh",
        ("colour", "flesh", "{flesh}"),
        ("of", "dip", "dipped in {dip_colour}"),
        ("with", "cap_colour", "{cap_colour} leaves"),
        ("with", "seeds", {"dense": "many seeds", "rows": "seeds", "sparse": "a few seeds"}),
        dip_colour={"umber": "dark chocolate", "chestnut": "milk chocolate", "white": "white chocolate",
            "pink": "pink icing"},
    ),
    "banana": Said(
        "banana", "peel",
        ("colour", "peel", "{peel}"),
        ("adj", "shape", {"peeled": "peeled"}),
        ("noun", "shape", {"bunch": "bunch of ~bananas"}),
        ("with", "spots", "{spot_colour} spots"),
    ),
    "watermelon": Said(
        "watermelon", "flesh",
        ("colour", "flesh", "{flesh}"),
        ("noun", "cut", {"half": "slice of ~watermelon", "wedge": "wedge of ~watermelon"}),
        BITTEN,
        ("with", "seeds", "black seeds"),
        ("with", "rind", "a {rind} rind"),
    ),
    "carrot": Said(
        "carrot", "root",
        ("colour", "root", "{root}"),
        ("adj", "shape", {"long": "long", "stout": "short"}),
        ("with", "top_colour", "{top_colour} leaves"),
        root={"gold": "yellow"},
    ),
    "cheese": Said(
        "cheese", "paste",
        ("colour", "paste", "{paste}"),
        ("noun", "shape", {"wedge": "wedge of ~cheese", "block": "block of ~cheese"}),
        ("with", "holes", "holes"),
        ("with", "rind", "a {wax} rind"),
        ("with", "side", {"tomato": "a tomato on top", "olive": "an olive on top", "leaf": "a green leaf on top"}),
        PLATE,
        paste={"gold": "yellow"},
        mass=True,
    ),
    "fish": Said(
        "fish", "scales",
        ("colour", "scales", "{scales}"),
        ("adj", "state", {"eaten": "half-eaten"}),
        ("adj", "marks", {"grill": "grilled"}),
        ("with", "marks", {"stripe": "a stripe"}),
        ("with", "fins", "{fins} fins"),
        PLATE,
    ),
    "meat": Said(
        "meat", "flesh",
        ("colour", "flesh", "{flesh}"),
        ("noun", "cut", {"leg": "drumstick", "steak": "steak"}),
        BITTEN,
        ("with", "marks", {"grill": "grill marks", "sauce": "{sauce} sauce", "herbs": "{sauce} herbs"}),
        ("with", "cut", {"leg": "a {bone} bone", "steak": "a {bone} rim"}),
        flesh=DOUGH, bone={"porcelain": "pink"},
        mass=True,
    ),
    "bread": Said(
        "bread", "crust",
        ("colour", "crust", "{crust}"),
        ("noun", "shape", {"loaf": "loaf of ~bread", "baguette": "baguette", "croissant": "croissant"}),
        ("with", "topping", {"seeds": "{topping_colour} seeds", "crumbs": "{topping_colour} crumbs"}),
        ("with", "cuts", {"slashes": "cuts", "cross": "cuts", "wheat": "cuts"}),
        crust=DOUGH, topping_colour={"blond": "yellow"},
        mass=True,
    ),
    "toast": Said(
        "toast", "spread_colour",
        ("with", "spread", "{spread_colour} spread"),
        ("noun", "crust", {c: "slice of ~toast" for c in ("chestnut", "ginger", "brown", "bronze")}),
        BITTEN,
        ("with", "topping", {"slices": "{topping_colour} slices on top", "seeds": "{topping_colour} seeds",
            "berries": "{topping_colour} berries"}),
        ("with", "crust", "a {crust} crust"),
        crust=DOUGH, spread_colour={"umber": "chocolate"},
        mass=True,
    ),
    "pizza": Said(
        "pizza", None,
        ("with", "topping:0", {"pepperoni": "pepperoni", "olives": "{topping:1} olives", "mushrooms": "mushrooms",
            "ham": "ham"}),
        ("noun", "crust", {c: "slice of ~pizza" for c in ("ginger", "bronze", "tan", "chestnut")}),
        ("with", "herbs", {"basil": "{herb_colour} herbs", "flakes": "{herb_colour} flakes"}),
        ("with", "crust", "a {crust} crust"),
        crust=DOUGH,
    ),
    "burger": Said(
        "burger", "bun_colour",
        ("with", "bun_colour", "a {bun_colour} bun"),
        ("with", "upper", {f: f for f in ("lettuce", "cheese", "tomato", "onion", "bacon")}),
        ("with", "middle", {f: f for f in ("lettuce", "cheese", "tomato", "onion", "bacon")}),
        ("with", "seeds", {"sesame": "seeds on top", "poppy": "seeds on top"}),
        bun_colour=DOUGH,
    ),
    "egg": Said(
        "fried egg", "yolk_colour",
        ("with", "yolk", {"one": "a {yolk_colour} yolk", "high": "a {yolk_colour} yolk",
            "two": "two {yolk_colour} yolks", "broken": "a broken {yolk_colour} yolk"}),
        ("with", "seasoning", {"pepper": "{seasoning_colour} specks", "chives": "{seasoning_colour} specks",
            "chilli": "{seasoning_colour} specks"}),
        yolk_colour={"gold": "yellow"},
    ),
    "sushi": Said(
        "sushi", "topping",
        ("with", "shape", {"nigiri": "a {topping} topping", "roll": "a {topping} filling"}),
        ("noun", "shape", {"nigiri": "piece of ~sushi", "roll": "sushi roll"}),
        ("with", "extra", {"band": "a {nori} band", "stripes": "{extra_colour} stripes", "roe": "{extra_colour} roe",
            "sesame": "{extra_colour} seeds"}),
        ("in", "nori", "{nori} seaweed"),
        PLATE,
        mass=True,
    ),
    "soup": Said(
        "soup", "bowl",
        ("in", "bowl", "a {bowl} bowl"),
        ("colour", "broth", "{broth}"),
        STEAMING,
        ("with", "topping", {"noodles": "noodles", "egg": "an egg", "carrots": "{topping_colour} pieces",
            "herbs": "{topping_colour} herbs"}),
        ("with", "band", {"band": "a {band_colour} band", "dots": "{band_colour} dots",
            "zigzag": "a {band_colour} zigzag"}),
        mass=True, band_colour={"gold": "yellow"}, topping_colour={"yellow": "yellow"},
    ),
    "mug": Said(
        "mug", "cup",
        ("colour", "cup", "{cup}"),
        ("noun", "shape", {"teacup": "teacup"}),
        STEAMING,
        ("of", "drink", {"brown": "coffee", "ginger": "tea", "lime": "green tea", "umber": "coffee"}),
        ("with", "mark", {"bands": "{mark_colour} stripes", "heart": "a {mark_colour} heart",
            "dots": "{mark_colour} dots", "zigzag": "a {mark_colour} zigzag"}),
    ),
    "cupcake": Said(
        "cupcake", "icing",
        ("with", "icing", "{icing} icing"),
        ("in", "paper", "a {paper} paper cup"),
        ("with", "topping", {"cherry": "a {topping_colour} cherry on top",
            "candle": "a {topping_colour} candle on top", "heart": "a {topping_colour} heart on top",
            "wafer": "a {topping_colour} wafer on top"}),
        SPRINKLED,
        icing=SWEET, sprinkle_colours=SPRINKLES, topping_colour={"amber": "yellow"},
    ),
    "cake": Said(
        "cake", "icing",
        ("with", "icing", "{icing} icing"),
        ("noun", "sponge", {c: "slice of ~cake" for c in ("blond", "tan", "brown", "rose", "chestnut")}),
        ("with", "topping", {"strawberry": "a strawberry on top", "cherry": "a cherry on top",
            "candle": "a candle on top", "cream": "cream on top"}),
        ("with", "filling", "a {filling_colour} filling"),
        ("with", "sponge", "a {sponge} sponge"),
        icing=SWEET, sponge=DOUGH, filling_colour=SWEET,
    ),
    "ice_cream": Said(
        "ice cream", "first",
        ("colour", "first", "{first} and {second}"),
        ("with", "sauce", "{sauce_colour} sauce"),
        ("with", "topping", {"cherry": "a cherry on top", "wafer": "a wafer", "sticks": "chocolate sticks",
            "leaf": "a green leaf"}),
        ("in", "cone", "a cone"),
        first=SWEET, second=SWEET, sauce_colour=SWEET,
    ),
    "doughnut": Said(
        "doughnut", "glaze_colour",
        ("with", "glaze_colour", "{glaze_colour} icing"),
        BITTEN,
        SPRINKLED,
        ("with", "dough", "{dough} dough"),
        glaze_colour=SWEET, sprinkle_colours=SPRINKLES, dough=DOUGH,
    ),
    "cookie": Said(
        "cookie", "dough",
        ("colour", "dough", "{dough}"),
        ("adj", "shape", {"heart": "heart-shaped", "star": "star-shaped", "round": "round"}),
        BITTEN,
        ("with", "chips", "{chip_colour} chips"),
        dough=DOUGH, chip_colour=SWEET,
    ),
}

SPELL = {
    "potion": Said(
        "potion", "liquid",
        ("colour", "liquid", "{liquid}"),
        ("in", "bottle", {"round": "a round bottle", "cone": "a pointed bottle", "vial": "a thin bottle",
            "square": "a square bottle", "diamond": "a wide bottle"}),
        ("with", "label", {"skull": "a white skull on it", "heart": "a white heart on it",
            "plus": "a white mark on it", "drop": "a white mark on it", "bubbles": "bubbles"}),
        ("with", "fill", {"layered": "a yellow layer"}),
        ("adj", "fill", {"half": "half-full"}),
        ("with", "plug", "a {plug} stopper"),
        plug=METAL,
    ),
    "scroll": Said(
        "scroll", "paper",
        ("colour", "paper", "{paper}"),
        ("adj", "sheet", {"torn": "torn"}),
        rune("rune", "dye"),
        ("with", "rods", "{rods} rods"),
        ("with", "seal", "a {seal} seal"),
        paper=DOUGH,
    ),
    "rolled scroll": Said(
        "rolled scroll", "paper",
        ("colour", "paper", "{paper}"),
        ("with", "ribbon", {"band": "a {cloth} ribbon", "bow": "a {cloth} bow", "wide": "a wide {cloth} ribbon"}),
        ("with", "seal", "a {seal} seal"),
        aura("light"),
        paper=DOUGH,
    ),
    "flame": Said(
        "flame", "fire",
        ("colour", "fire", "{fire}"),
        ("mood", "face", {"smile": "smiling", "angry": "angry"}),
        ("with", "face", {"eyes": "eyes"}),
        ("post", "base", {"logs": "on {fuel} logs", "bowl": "in a {fuel} bowl", "stones": "on {fuel} stones"}),
        fire=FIRE, fuel=METAL,
    ),
    "fireball": Said(
        "fireball", "fire",
        ("colour", "fire", "{fire}"),
        ("adj", "shape", {"spiky": "spiky"}),
        ("with", "face", {"eyes": "eyes", "gasp": "a face"}),
        aura("fire"),
        ("post", "shape", {"comet": "flying to the {heading}"}),
        fire=FIRE, heading=SIDES,
    ),
    "meteor": Said(
        "meteor", "fire",
        ("with", "fire", "{fire} flames"),
        ("colour", "stone", "{stone}"),
        aura("fire"),
        ("post", "heading", "falling to the {heading}"),
        fire=FIRE, heading=SIDES,
    ),
    "lightning": Said(
        "lightning bolt", "light",
        ("colour", "light", "{light}"),
        ("noun", "bolt", {"ball": "ball of ~lightning"}),
        ("post", "cloud", "under a {cloud} cloud"),
        aura("glimmer"),
    ),
    "crystal ball": Said(
        "crystal ball", "glass",
        ("colour", "glass", "{glass}"),
        rune("vision", "light", " inside"),
        ("post", "stand", {"claws": "on a {metal} stand", "plinth": "on a {metal} stand",
            "ring": "on a {metal} stand", "cushion": "on a {metal} cushion"}),
        metal=METAL,
    ),
    "rune stone": Said(
        "rune stone", "stone",
        ("colour", "stone", "{stone}"),
        rune("rune", "light"),
        ("with", "wear", {"crack": "a crack", "moss": "green moss"}),
        aura("light"),
        ("adj", "shape", {"tall": "tall", "pebble": "round", "slab": "square"}),
    ),
    "crystal": Said(
        "crystal", "colour",
        ("colour", "colour", "{colour}"),
        ("noun", "shape", {"cluster": "cluster of ~crystals", "shards": "cluster of ~crystals"}),
        ("post", "ground", {"rock": "on a {earth} rock", "mound": "on a {earth} mound"}),
        aura("light"),
    ),
    "tome": Said(
        "book", "cover",
        ("colour", "cover", "{cover}"),
        rune("emblem", "foil", " on it"),
        ("with", "fitting", {"corners": "{metal} corners", "clasp": "a {metal} clasp", "bands": "{metal} bands"}),
        metal=METAL,
    ),
    "open tome": Said(
        "open book", "cover",
        ("colour", "cover", "{cover}"),
        rune("spell", "light", " above it"),
        ("with", "pages", "{pages} pages"),
    ),
    "wand": Said(
        "wand", "colour",
        charm("tip", "colour"),
        ("colour", "wood", "{wood}"),
        ("with", "grip", "a {grip} grip"),
        aura("light"),
        grip=METAL,
    ),
    "amulet": Said(
        "amulet", "gem",
        charm("charm", "gem"),
        ("with", "chain", {"links": "a {metal} chain", "cord": "a {metal} cord"}),
        ("with", "setting", {"wings": "{metal} wings"}),
        aura("gem"),
        metal=METAL,
    ),
    "ring": Said(
        "ring", "gem",
        ("with", "cut", {"round": "a round {gem} gem", "cut": "a {gem} gem", "square": "a square {gem} gem",
            "heart": "a {gem} heart", "flower": "a {gem} flower"}),
        ("colour", "metal", "{metal}"),
        aura("gem"),
        metal=METAL,
    ),
    "bubble": Said(
        "bubble", "film",
        ("colour", "film", "{film}"),
        charm("charm", "colour", " inside"),
        ("with", "aura", "a {light} glow"),
    ),
    "ward": Said(
        "magic shield", "field",
        ("colour", "field", "{field}"),
        ("adj", "shape", {"round": "round"}),
        rune("emblem", "light", " on it"),
        ("with", "rim", "a {rim} rim"),
        rim=METAL,
    ),
    "arrow": Said(
        "arrow", "energy",
        ("with", "head", {"barbed": "a {energy} tip", "spear": "a {energy} tip",
            "star": "a {energy} star as its tip"}),
        ("colour", "wood", "{wood}"),
        ("with", "feathers", "{vanes} feathers"),
        ("with", "trail", {"streaks": "{energy} streaks", "stars": "{energy} sparkles", "motes": "{energy} sparks"}),
    ),
    "skull curse": Said(
        "cursed skull", "bone",
        ("colour", "bone", "{bone}"),
        ("with", "crown", {"fire": "{fire} flames on its head", "horns": "brown horns", "crown": "a golden crown"}),
        ("with", "pupils", "{glow} eyes"),
        ("with", "jaw", {"stitched": "a stitched mouth", "open": "an open mouth"}),
        fire=FIRE,
    ),
    "cauldron": Said(
        "cauldron", "mix",
        ("of", "mix", "{mix} brew"),
        ("colour", "metal", "{metal}"),
        ("with", "brew", {"bubbles": "bubbles", "froth": "froth", "steam": "steam", "splash": "a splash"}),
        ("post", "under", {"fire": "over a {fire} fire"}),
        fire=FIRE,
    ),
    "magic circle": Said(
        "magic circle", "floor",
        ("colour", "floor", "{floor}"),
        ("with", "figure", {"triangle": "a {light} triangle", "star": "a {light} star",
            "diamond": "a {light} diamond", "spark": "a {light} cross", "eye": "a {light} eye"}),
        ("with", "light", "a {light} rim"),
        ("with", "nodes", "{gem} gems"),
    ),
    "portal": Said(
        "portal", "fire",
        ("colour", "fire", "{fire}"),
        ("in", "gate", {"arch": "a {frame} arch", "ring": "a {frame} ring", "pillars": "a {frame} gate"}),
        ("with", "swirl", {"spiral": "a spiral inside", "starry": "stars inside", "slit": "a dark slit inside"}),
        fire=FIRE,
    ),
    "tornado": Said(
        "tornado", "wind",
        ("colour", "wind", "{wind}"),
        ("mood", "face", {"smile": "smiling", "angry": "angry"}),
        ("with", "face", {"eyes": "eyes"}),
        ("with", "debris", {"leaves": "{litter} leaves", "dust": "{litter} dust", "sparks": "{litter} sparks"}),
    ),
    "shooting star": Said(
        "shooting star", "colour",
        ("colour", "colour", "{colour}"),
        ("mood", "face", {"smile": "smiling"}),
        ("with", "stream", "a {stream} trail"),
        ("with", "face", {"eyes": "eyes"}),
        aura("colour"),
        stream=FIRE,
    ),
}

SIDE = {
    "knight": Said(
        "knight", "metal",
        ("in", "metal", "{metal} armour"),
        ("in", "cloth", "a {cloth} surcoat"),
        ("with", "helm", {"open": "a {cloth} plume", "visor": "a {cloth} plume", "great": "a {cloth} plume",
            "winged": "{cloth} wings on the helmet"}),
        ("with", "cape", "a {cloth} cape"),
        ("holding", "weapon", {"sword": "a sword", "lance": "a lance", "mace": "a mace", "axe": "an axe"}),
        metal=METAL,
    ),
    "wizard": Said(
        "wizard", "robe",
        ("in", "robe", "a {robe} robe"),
        ("adj", "hair", OLD),
        ("with", "hat", {"pointed": "a pointed {robe} hat", "bent": "a bent {robe} hat", "tall": "a tall {robe} hat",
            "cowl": "a {robe} hood"}),
        beard("hair"),
        ("holding", "staff", {"orb": "a staff with a {glow} orb", "crook": "a crook",
            "crystal": "a staff with a {glow} crystal", "wand": "a wand with a {glow} tip", "lantern": "a lantern"}),
        hair=HAIR,
    ),
    "archer": Said(
        "archer", "coat",
        ("in", "coat", "a {coat} tunic"),
        ("with", "hat", {"band": "a {feather} headband", "feather": "a {coat} hat with a feather",
            "hood": "a {coat} hood"}),
        hair("person:1"),
        TROUSERS,
        ("holding", "bow", {"long": "a long bow", "short": "a short bow", "drawn": "a drawn bow"}),
        person=HAIR,
    ),
    "ninja": Said(
        "ninja", "cloth",
        ("in", "cloth", "{cloth} clothes"),
        ("with", "scarf", "a {scarf} scarf"),
        ("with", "hood", {"banded": "a {scarf} headband"}),
        ("with", "tool", {"katana": "a sword on the back", "twin": "two swords on the back"}),
        ("holding", "tool", {"kunai": "a dagger", "star": "a throwing star"}),
    ),
    "farmer": Said(
        "farmer", "overalls",
        ("in", "overalls", "{overalls} overalls"),
        ("in", "shirt", "a {shirt} shirt"),
        ("with", "hat", {"wide": "a wide straw hat", "pointed": "a pointed straw hat", "worn": "a straw hat"}),
        hair("person:1"),
        ("holding", "tool", {"hoe": "a hoe", "fork": "a pitchfork", "rake": "a rake", "shovel": "a shovel",
            "scythe": "a scythe"}),
        person=HAIR,
    ),
    "pirate": Said(
        "pirate", "cloth",
        ("with", "hat", {"tricorn": "a three-cornered {cloth} hat", "bandana": "a {cloth} bandana",
            "captain": "a big {cloth} hat", "cap": "a {cloth} cap"}),
        TROUSERS,
        beard("person:1"),
        ("with", "parrot", "a {parrot} parrot"),
        ("holding", "tool", {"cutlass": "a cutlass", "hook": "a hook", "spyglass": "a spyglass", "pistol": "a pistol",
            "lantern": "a lantern"}),
        ("with", "stripes", "{stripes} stripes on the shirt"),
        person=HAIR,
    ),
    "traveller": Said(
        "traveller", "coat",
        ("in", "coat", "a {coat} coat"),
        ("with", "hat", {"brim": "a {coat} hat", "cap": "a {coat} cap", "pompom": "a woolly {coat} hat"}),
        hair("person:1"),
        TROUSERS,
        ("with", "pack", {"roll": "a backpack", "tall": "a tall backpack", "pan": "a backpack",
            "basket": "a basket on the back"}),
        ("holding", "carries", {"stick": "a walking stick", "lantern": "a lantern", "map": "a map",
            "torch": "a torch"}),
        person=HAIR,
    ),
    "monk": Said(
        "monk", "robe",
        ("in", "robe", "a {robe} robe"),
        ("with", "hood", {"up": "a {robe} hood", "deep": "a deep {robe} hood", "peaked": "a pointed {robe} hood"}),
        beard("person:1"),
        ("holding", "carries", {"cross": "a {glow} cross", "book": "a book", "candle": "a candle",
            "lantern": "a lantern", "beads": "{glow} beads"}),
        person=HAIR, glow=METAL,
    ),
    "princess": Said(
        "princess", "gown",
        ("in", "gown", "a {gown} dress"),
        ("with", "crown", {"crown": "a golden crown", "tiara": "a tiara", "hennin": "a tall {hem} hat",
            "bow": "a {hem} bow", "wreath": "a {hem} wreath"}),
        hair("person:1"),
        ("holding", "carries", {"rose": "a {hem} rose", "fan": "a {hem} fan", "wand": "a wand",
            "bird": "a {hem} bird"}),
        person=HAIR,
    ),
    "viking": Said(
        "viking", "tunic",
        ("in", "tunic", "a {tunic} tunic"),
        ("with", "helm", {"horns": "a horned helmet", "curled": "a helmet with curled horns",
            "round": "a round helmet"}),
        beard("person:1"),
        ("holding", "weapon", {"axe": "an axe", "hammer": "a hammer", "spear": "a spear"}),
        ("holding", "shield", {"plain": "a {paint} shield", "halves": "a {paint} and white shield",
            "cross": "a {paint} shield with a white cross"}),
        person=HAIR,
    ),
    "merchant": Said(
        "merchant", "coat",
        ("in", "coat", "a {coat} coat"),
        ("with", "hat", {"turban": "a {cloth} turban", "fez": "a {cloth} fez", "beret": "a {cloth} beret"}),
        beard("person:1"),
        ("with", "load", {"full": "a big sack", "patched": "a patched sack", "crate": "a crate on the back",
            "rugs": "rugs on the back"}),
        ("holding", "ware", {"coin": "a golden coin", "lamp": "a golden lamp", "pouch": "a golden pouch",
            "vase": "a {patch} vase"}),
        TROUSERS,
        person=HAIR,
    ),
    "soldier": Said(
        "soldier", "cloth",
        ("in", "cloth", "a {cloth} tunic"),
        ("with", "metal", "a {metal} helmet"),
        ("with", "helm", {"crested": "a {cloth} crest"}),
        ("holding", "weapon", {"spear": "a spear", "halberd": "a halberd", "flag": "a {emblem} flag",
            "sword": "a sword"}),
        ("holding", "shield", {"tower": "a tall {cloth} shield", "kite": "a pointed {cloth} shield",
            "round": "a round {cloth} shield"}),
        metal=METAL,
    ),
    "child": Said(
        "child", "shirt",
        ("in", "shirt", "a {shirt} shirt"),
        ("with", "hat", {"cap": "a {shirt} cap", "propeller": "a propeller cap", "woolly": "a woolly {shirt} hat",
            "bow": "a {second} bow"}),
        hair("person:1"),
        TROUSERS,
        ("holding", "toy", {"balloon": "a {colour} balloon", "kite": "a {colour} kite",
            "lolly": "a {colour} lollipop", "pinwheel": "a {colour} pinwheel", "sword": "a wooden sword"}),
        person=HAIR,
    ),
    "bard": Said(
        "bard", "cloth",
        ("in", "cloth", "{cloth} clothes"),
        ("with", "hat", {"beret": "a {cloth} beret", "robin": "a pointed {cloth} hat",
            "slouch": "a wide {cloth} hat"}),
        ("with", "feather", "a {feather} feather"),
        hair("person:1"),
        ("in", "hose", "{hose} tights"),
        ("playing", "instrument", {"lute": "a lute", "drum": "a drum", "harp": "a harp", "flute": "a flute"}),
        person=HAIR,
    ),
    "samurai": Said(
        "samurai", "armour",
        ("in", "armour", "{armour} armour"),
        ("with", "helm", {"topknot": "a {person:1} topknot", "crest": "a crested {armour} helmet",
            "horns": "a horned {armour} helmet", "kasa": "a straw hat"}),
        TROUSERS,
        ("with", "lacing", "{lacing} lacing"),
        ("holding", "weapon", {"katana": "a katana", "naginata": "a spear", "fan": "a {lacing} fan"}),
        ("with", "sheath", "a {sheath} sheath"),
        person=HAIR,
    ),
    "miner": Said(
        "miner", "metal",
        ("with", "metal", "a {metal} helmet"),
        ("with", "hat", {"lamp": "a lamp on the helmet", "candle": "a candle on the helmet"}),
        ("in", "shirt", "a {shirt} shirt"),
        TROUSERS,
        beard("person:1"),
        ("holding", "tool", {"pick": "a pickaxe", "shovel": "a shovel", "hammer": "a hammer", "lantern": "a lantern"}),
        person=HAIR,
    ),
    "cook": Said(
        "cook", None,
        ("with", "hat", {"toque": "a tall white hat", "low": "a white cap", "scarf": "a {trim} headscarf"}),
        hair("person:1"),
        beard("person:1"),
        TROUSERS,
        ("holding", "dish", {"cake": "a {food} cake", "pan": "a pan", "roast": "a {food} roast",
            "soup": "a bowl of {food} soup", "ladle": "a ladle"}),
        person=HAIR, food=COLOURS | {"amber": "yellow"},
    ),
}

# fmt: on

SAID = {"hero": HERO, "non-hero": CREATURE, "food": FOOD, "spell": SPELL, "side-facing": SIDE}
