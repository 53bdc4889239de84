# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 3. What can answer for 768 numbers at once?
#
# So far the network was a closed box: a noisy sprite went in, and a guess came out. A sprite is 16 x 16 pixels of three
# colours, so the box has to answer for 768 numbers, all at the same time. Below, it gets sixteen sprites with the noise
# of t = 200. The pictures that go in are the same in every frame. Only one thing changes: what the network is *told*
# about the time.

# %% tags=["setup"] jupyter={"source_hidden": true}
import sys
from importlib.util import find_spec
from pathlib import Path

sys.path[:0] = [str(f) for f in (Path.cwd(), *Path.cwd().parents)
                if (f / "diffusion_utilities.py").is_file()]
assert find_spec("diffusion_utilities"), (
    "Open this notebook inside the course's folder, or %cd there first.")

# %%
import diffusion_utilities as du
import torch
import torch.nn.functional as F

unet, ab_t = du.load_model(du.WEIGHTS / "unet.pth", "cpu")
clean, c = du.load_sprites("held_out", 16)[:2]
x_200 = du.add_noise(clean, 200, torch.randn(clean.shape, generator=torch.manual_seed(0)), ab_t)
told = {t: du.to_x0_eps(unet(x_200, torch.tensor(t / 500), c), x_200, t, ab_t, "v")[0]
        for t in range(20, 501, 20)}
labels = [f"told t = {t}: off by {F.mse_loss(x, clean) ** 0.5:.3f}" for t, x in told.items()]
du.film(torch.stack([*told.values()]), labels, scale=5, fps=4, alt="Grain, sprites, then pale")

# %% [markdown]
# Stop the film and drag its slider. Told a small t, the network believes that there is little noise in the picture.
# So it takes the grain for a part of the sprites, and leaves it in. Told t = 200, which is true, it draws clean
# sprites. Told a large t, it believes that most of what it sees is noise, and trusts the picture less and less.
# Patterns get lost first, and then the colours fade. Told t = 500, it draws little more than what a sprite of this
# class looks like on average: most become brown and grey smudges, and the heroes all get the same face. (The number is
# the root mean square error of the guess; pixels reach from -1 to 1.)
#
# What kind of machine can do that? In this lesson you write it, part by part, until your own network loads the trained
# weights and draws the same sprites as the course's.
#
# **You will be able to**
# - *explain* by measurements why a denoiser is shaped like a U,
# - *write* its parts: the walk down and up, the residual block, the time embedding, self-attention,
# - *assemble* a modern U-Net of them, and *load* trained weights into it by their names,
# - *measure* what each part buys by leaving it out, and *say* what two seeds cannot tell,
# - *find* two faults that raise no error: a layer that is born inside `forward`, and BatchNorm in a denoiser.
#
# **You need** lessons 1 and 2, and a little PyTorch: `nn.Module`, `nn.Conv2d`, `nn.Linear`.
#
# **Time:** about 45 minutes of reading, and as much again for the five tasks. Eighteen small networks are trained in
# sections 8 and 9 and in the open problem, which takes about two minutes in all on a fast laptop, and up to eight on a
# slow one; all other cells together take about a minute.

# %%
from types import SimpleNamespace

import charts
import checks
import widgets
from IPython.display import Markdown
from plumbing import lesson_03
from torch import nn

T, train, held_out = len(ab_t) - 1, du.load_sprites("train"), du.load_sprites("held_out", 500)

# %% [markdown]
# ## 1. What must it be told?
#
# The film showed one noise level and sixteen sprites. Now measure the error for three levels and 64 sprites. The
# network's answer is a mixture of noise and picture called `v`, out of which `du.to_x0_eps` works out both; lesson 4
# explains why this mixture is a good thing to ask for. Here it only matters that one call gives 768 numbers, from which
# the guess of the clean picture follows. The helper `lesson_03.guess(net, x_t, t, c, ab_t, told)` calls the network and
# works out the picture, and for both it uses the time `told` as if it were the true one.
#
# **What do you expect?** For each true time, which time should you tell the network, so that its guess is best?
#
# <details name="expect-3-1"><summary>Always the true one</summary>
#
# Yes, or one close by: the bottom of each curve lies near the true time. For t = 100 and t = 200 the curve is flatter
# on the right, so to overrate the noise a little costs less than to underrate it. For t = 300 both cost about the same.
#
# </details>
# <details name="expect-3-1"><summary>A small one: then it changes little, and keeps the details</summary>
#
# It keeps the details of the noise as well. Told too small a time, the guess is grainy, and the error rises steeply.
#
# </details>
# <details name="expect-3-1"><summary>It makes no difference: the network can see the noise for itself</summary>
#
# It could, perhaps, but this one was always told the truth in its training, so it believes what it is told. Whether a
# network that is never told the time finds out for itself is measured in section 8.
#
# </details>

# %%
sprites, wishes = held_out.x[:64], held_out.c[:64]
eps = torch.randn(sprites.shape, generator=torch.Generator().manual_seed(0))


def off(net, t, told):
    """How far the guesses are off (root mean square), with noise of time t."""
    x_t = du.add_noise(sprites, t, eps, ab_t)
    x0 = lesson_03.guess(net, x_t, t, wishes, ab_t, told)
    return (x0 - sprites).square().mean().sqrt().item()


# %%
times = [10, 25, *range(50, 451, 25)]
wrong_time = {f"noise of t = {t}": (times, [off(unet, t, told) for told in times])
              for t in (100, 200, 300)}
at = {t: off(unet, 200, t) for t in (50, 200, 400)}
print("Noise of t = 200, told",
      *(f"t = {t}: off by {error:.3f};" for t, error in at.items()))
charts.lines(wrong_time, x="time that it is told", y="error of the guess (RMS)", ylim=(0, 0.9),
             marks={f"t = {t}": t for t in (100, 200, 300)},
             alt="Three curves, each with its lowest point near the time that is true")

# %% [markdown]
# So the network answers differently for the same pixels when it is told another time, and it answers best when it is
# told the true one. This is why the time is an input of its own, beside the picture. Another input is the *wish*, the
# class that you ask for. This makes three inputs and one answer:
#
# - the noisy picture `x` of the shape (B, 3, 16, 16), for a batch of B pictures,
# - the time, as a share t/T between 0 and 1, of the shape (B,),
# - the wish `c` of the shape (B, 5), a row with a 1 at the class, or none at all,
# - and an answer of the shape of `x`: a number for each pixel and colour.

# %% [markdown]
# ## 2. How far must one pixel see?
#
# The first idea for such a machine is a *linear layer*: each number of the answer is a weighted sum of all 768 numbers
# that came in. A single layer of this kind has 768 x 768, that is 589,824 weights, and what it learns about an eye in
# the left half it would have to learn again for the right half.
#
# A **convolution** is thriftier. It makes each pixel of its answer from 3 x 3 pixels, the one at the same place and its
# eight neighbours, in all colours, and it uses *the same weights at every place*. With other weights for the same pixels
# it makes another picture, and so it can put out as many pictures of the same size as you like. They are called *feature
# maps*, or maps for short (PyTorch calls them channels), and the next convolution takes the whole stack of them as its
# input. A convolution from 32 maps to 32 maps has 32 x (32 x 9 + 1) = 9,248 weights, whatever the size of the picture.
# (Each of its maps needs 9 weights for each map that comes in, and one number that is added.)
#
# But one convolution sees only one pixel in every direction, and one pixel of grain looks like another. Whether a dark
# pixel is noise or the rim of a hat can only be told from what lies further away. Every further convolution adds one
# pixel on each side: two in a row see a square of 5 x 5 pixels, three see 7 x 7, and so on.
#
# There is a cheaper way to see far: make the picture smaller. On a map of 8 x 8, one pixel stands for 2 x 2 pixels of
# the sprite, so a convolution that sees one pixel of the map in every direction sees two pixels of the sprite.
#
# **What do you expect?** Take the same six convolutions twice. `flat` has them one after the other at 16 x 16. `u` has
# the first at 16 x 16, the second at 8 x 8, the third and fourth at 4 x 4, the fifth at 8 x 8 again, and the last at
# 16 x 16. Which sees more, and which is cheaper?
#
# <details name="expect-3-2"><summary>flat sees more, because it loses no pixel; u is cheaper</summary>
#
# `u` is indeed cheaper, but it also sees more: `flat` sees six pixels in every direction, and no further.
#
# </details>
# <details name="expect-3-2"><summary>u sees more, and is cheaper, too</summary>
#
# Yes, both. On a small map each step reaches further, and there are fewer pixels to compute. It costs no weights
# either, since both have the same six convolutions.
#
# </details>
# <details name="expect-3-2"><summary>u sees more, but costs more, because it has more layers</summary>
#
# The extra layers only average or repeat pixels, which costs next to nothing, while the convolutions get cheaper.
#
# </details>

# %%
def conv(channels_in, channels_out):
    return nn.Conv2d(channels_in, channels_out, 3, padding=1)


torch.manual_seed(0)
a, b, c1, c2, d, e = convs = [conv(1, 16), *(conv(16, 16) for _ in range(4)), conv(16, 1)]
half, twice = nn.AvgPool2d(2), nn.Upsample(scale_factor=2)  # 2 x 2 pixels to one, one to 2 x 2
nets = {"flat": nn.Sequential(*convs),
        "u": nn.Sequential(a, half, b, half, c1, c2, twice, d, twice, e)}
sight = {name: lesson_03.sight(net) for name, net in nets.items()}
sees = {name: (seen > 0).float().mean().item() for name, seen in sight.items()}
work = {name: lesson_03.million_operations(net, sprites[:1, :1]) for name, net in nets.items()}
print(*(f"{name}: {million:.1f} million operations a sprite" for name, million in work.items()),
      sep="\n")
lesson_03.sights({f"{name}: sees {sees[name]:.0%}": seen for name, seen in sight.items()},
                 alt="Influence of each pixel on the framed one: flat sees a square, u all")

# %% [markdown]
# The picture shows how strongly each pixel of the input can move the framed pixel of the output; the white ones cannot
# move it at all. (It was measured with a derivative, on networks with random weights, so look at what is white: which of
# the other pixels count more is mostly chance.) The colours are logarithms: -1 is a tenth of the strongest influence,
# and -2 a hundredth. So from the framed pixel `flat` does not see the rim of the sprite, while `u` sees all of the
# sprite, and costs less. A network that has to see far should go down to small maps. But what is lost on the way?

# %% [markdown]
# ## 3. Down, across, and up again
#
# A noisy sprite is a mixture of two things, in the amounts that the schedule says (in code, $\bar\alpha_t$ is
# `ab_t[t]`):
#
# $$x_t = \sqrt{\bar\alpha_t}\; x_0 + \sqrt{1 - \bar\alpha_t}\; \epsilon$$
#
# Halve this picture, and each new pixel is the mean of 2 x 2 old ones. The noise of four pixels partly cancels: its
# standard deviation falls to a half, and at 4 x 4 to a quarter. The sprite's neighbouring pixels are mostly alike, so
# more of the sprite survives the mean. This is a second reason to go down: **the smaller the map, the less of it is
# noise.** But the answer is wanted for every single pixel, and on the way up, one pixel that becomes 2 x 2 cannot say
# what the four were. So the fine pixels have to take another way. Before a map is made smaller, it is kept, and on the
# way up, when the maps have its size again, it is added. This is called a **skip**. What comes up from below then says
# roughly what is where, and what comes across brings the single pixels.
#
# ### Your turn 3.1: down, across, up
# *Difficulty 2 of 3, 10 minutes.*
#
# Write the walk. You get the maps `h`, and `emb`, a row of numbers that says the time and the wish (section 5 makes it).
# `net` holds the parts. A *block* works on the maps of its level; what it does is the subject of section 4, and for now
# you only need the order of the parts. A *level* is one size of the maps, and the top level is 16 x 16.
#
# - `net.down` and `net.shrink` hold one part for every level, top level first. At each level `h = block(h, emb)` comes
#   first, and then `h = shrink(h)`.
# - `net.bottom(h, emb)` works at the lowest level.
# - `net.up` and `net.grow` hold one part for every level, *lowest* level first. Again the block comes first.
# - `net.across` holds a number for every level, top level first: the share of this level's maps that goes across.
#   Usually it is 1.
#
# (From the lowest level there is no way further down, and from the top level none further up. Their `shrink` and `grow`
# hand on what they get, so you can treat all levels alike.) What goes across is what a level's block has made, before it
# is shrunk. It is added to what comes from below *before* the level's block on the way up works on it, so that the block
# sees both.

# %% tags=["exercise"]
def down_and_up(h, emb, net):
    """Maps h (B, C, H, W) through all levels of a U, with its skips, to maps of this shape."""
    return ...  # your code here


checks.check_down_and_up(down_and_up)

# %% tags=["solution"] jupyter={"source_hidden": true}
def solution_down_and_up(h, emb, net):
    skips = []
    for block, shrink, share in zip(net.down, net.shrink, net.across):
        h = block(h, emb)
        skips.append(share * h)
        h = shrink(h)
    h = net.bottom(h, emb)
    for block, grow in zip(net.up, net.grow):
        h = grow(block(h + skips.pop(), emb))  # the last map kept is needed first
    return h


down_and_up = checks.keep(down_and_up, solution_down_and_up)

# %% [markdown]
# Try your walk with parts that do nothing clever. The blocks hand on what they get, `shrink` is a mean of 2 x 2,
# `grow` repeats each pixel, and the bottom answers 0. With a single 1 in `across` you see what *one* level carries from
# the left side of the U to the right.

# %%
def carried(x, across):
    """What goes across at 16 x 16, 8 x 8 and 4 x 4, each multiplied by its number."""
    stay = [lambda h, emb: h] * 3
    net = SimpleNamespace(down=stay, shrink=[half, half, nn.Identity()], across=across, up=stay,
                          grow=[twice, twice, nn.Identity()], bottom=lambda h, emb: 0 * h)
    return down_and_up(x, None, net)


# %%
signal, sigma = ab_t[200].sqrt().item(), (1 - ab_t[200]).sqrt().item()
rows = {}
for i in range(3):
    level, size = torch.eye(3)[i].tolist(), f"{16 >> i} x {16 >> i}"
    rows[f"{size}, the sprite alone"] = carried(signal * sprites[:10], level)
    rows[f"{size}, with noise"] = carried(signal * sprites[:10] + sigma * eps[:10], level)
du.show_rows(rows, scale=4, label_width=150,
             alt="Sprites without and with noise: unlike at 16 x 16, much alike at 4 x 4")

# %%
for i in range(3):
    level = torch.eye(3)[i].tolist()
    picture, noise = (carried(x, level).std().item() for x in (signal * sprites, sigma * eps))
    print(f"{16 >> i:2} x {16 >> i:<2} std of the sprite {picture:.2f}, of noise {noise:.2f}")

# %% [markdown]
# Compare the rows two by two. At 16 x 16 hardly a pixel of the noisy row has the colour that it has in the row above it,
# and as the numbers say, the noise is as strong as the sprite. At 4 x 4 most patches resemble those of the row above,
# because there the noise is less than half as strong as the sprite. So the small maps say fairly reliably where the
# figure is, and roughly in which colours. But sharp outlines exist at 16 x 16 only, and there each single pixel is in
# doubt. (*You* see the outlines in the second row all the same, because your eye compares many pixels at once. Just this
# is what the network must learn to do.) So it has to put the levels together: what it knows from below tells it which of
# the pixels from across to believe.
#
# A real network does not take plain means. Its `shrink` is a convolution that looks at 3 x 3 pixels in steps of two (a
# *stride* of 2). Of every four pixels one is left, but there are more maps: 32 maps at 16 x 16, 64 at 8 x 8, and 96 at
# 4 x 4. At the bottom there are still 96 x 16 = 1,536 numbers, twice as many as in a sprite, so the bottom is not too
# small to hold one. But without skips the network would have to learn to pack all 768 numbers of the answer into the
# bottom and to unpack them again. Section 8 measures what happens then.

# %% [markdown]
# ## 4. What does a block do?
#
# The walk needs blocks, and these are where the work is done. A block is made of two convolutions, and of four ideas
# that make it possible to stack many of them.
#
# 1. **A norm before each convolution.** After some layers the numbers in the maps would be tiny or huge, and training
#    would stall. `nn.GroupNorm(8, C)` puts the C maps of *one picture* into 8 groups and brings each group to mean 0
#    and standard deviation 1. Then it multiplies and shifts each map by two numbers that it learns.
# 2. **A bend after each norm.** Two convolutions in a row without anything between them could be replaced by a single
#    one. A bend, here `F.silu(x)`, which is x times sigmoid(x), prevents that. It is a smooth version of "keep what is
#    positive".
# 3. **The time and the wish as scale and shift.** The row `emb` becomes two numbers for each map by a linear layer: a
#    *scale* and a *shift*. After the second norm each map is multiplied by 1 + its scale, and its shift is added. So the
#    time can turn each map up or down: one that shows fine edges at small t, say, and one that shows large patches at
#    large t.
# 4. **The input is added at the end.** The two convolutions only work out a *change* to their input. This is what
#    *residual* means: what remains to be done. If more maps go out of a block than come in, the sum would not fit. Then
#    a convolution of 1 x 1 pixels, called `skip`, makes as many maps of the input. (The skips of the U are another
#    thing of the same name.)
#
# In two formulas:
#
# $$h = \text{conv}_1\big(\text{silu}(\text{norm}_1(x))\big), \qquad
# (\text{scale}, \text{shift}) = \text{linear}(\text{emb})$$
# $$\text{block}(x, \text{emb}) =
# \text{skip}(x) + \text{conv}_2\big(\text{silu}((1 + \text{scale}) \cdot \text{norm}_2(h) + \text{shift})\big)$$
#
# One trick belongs to idea 4. If `conv2` begins with all its weights at **zero**, a new block changes nothing:
# it hands its input on. A stack of any number of new blocks then hands its input on, too, and so the numbers neither
# grow nor shrink on their way through it, however deep it is.
#
# ### Your turn 3.2: the residual block
# *Difficulty 2 of 3, 12 minutes.*
#
# The layers are there, with the names that the trained weights know. Write what `forward` does with them, and let
# weight and bias of `conv2` start at zero at the end of `__init__` (`nn.init.zeros_(tensor)` fills a tensor with
# zeros). `scale_shift` gives (B, 2 C) numbers, first the C scales and then the C shifts; `.chunk(2, 1)` cuts such a
# tensor into two halves. Maps have the shape (B, C, H, W), so scale and shift need two more axes, which
# `[:, :, None, None]` gives them.

# %% tags=["exercise"]
class Block(nn.Module):
    """x (B, in, H, W) and emb (B, E) to (B, out, H, W); a new block hands skip(x) on."""

    def __init__(self, channels_in, channels_out, emb_channels):
        super().__init__()
        self.norm1, self.conv1 = nn.GroupNorm(8, channels_in), conv(channels_in, channels_out)
        self.norm2, self.conv2 = nn.GroupNorm(8, channels_out), conv(channels_out, channels_out)
        self.scale_shift = nn.Linear(emb_channels, 2 * channels_out)
        alike = channels_in == channels_out
        self.skip = nn.Identity() if alike else nn.Conv2d(channels_in, channels_out, 1)

    def forward(self, x, emb):
        return ...  # your code here


checks.check_block(Block)

# %% tags=["solution"] jupyter={"source_hidden": true}
class SolutionBlock(nn.Module):
    def __init__(self, channels_in, channels_out, emb_channels):
        super().__init__()
        self.norm1, self.conv1 = nn.GroupNorm(8, channels_in), conv(channels_in, channels_out)
        self.norm2, self.conv2 = nn.GroupNorm(8, channels_out), conv(channels_out, channels_out)
        self.scale_shift = nn.Linear(emb_channels, 2 * channels_out)
        alike = channels_in == channels_out
        self.skip = nn.Identity() if alike else nn.Conv2d(channels_in, channels_out, 1)
        nn.init.zeros_(self.conv2.weight)
        nn.init.zeros_(self.conv2.bias)

    def forward(self, x, emb):
        h = self.conv1(F.silu(self.norm1(x)))
        scale, shift = self.scale_shift(emb)[:, :, None, None].chunk(2, 1)
        return self.skip(x) + self.conv2(F.silu((1 + scale) * self.norm2(h) + shift))


Block = checks.keep(Block, SolutionBlock)

# %% [markdown]
# Prove the zero start, and see what it is good for: send random numbers through twenty new blocks, once
# as they are, and once with the usual random start of `conv2`. (`reset_parameters` is PyTorch's usual start.) As a
# control there are twenty pairs of convolution and bend, without norms and without a sum at the end.

# %%
torch.manual_seed(0)
x, emb = torch.randn(8, 64, 16, 16), torch.randn(8, 128)
with torch.no_grad():
    zero_start, random_start, plain = x, x, x
    for _ in range(20):
        block = Block(64, 64, 128)
        assert torch.equal(block(x, emb), x)  # a new block hands its input on
        zero_start = block(zero_start, emb)
        block.conv2.reset_parameters()
        random_start = block(random_start, emb)
        plain = F.silu(conv(64, 64)(plain))
depths = {"20 new blocks": zero_start, "20 blocks, conv2 random": random_start,
          "20 x (conv, SiLU)": plain}
print(*(f"std after {name}: {h.std():.2g}" for name, h in depths.items()), sep="\n")

# %% [markdown]
# Without norms and sums nearly nothing comes out at the other end, and where so little arrives there is little
# to learn from. With them the numbers survive, and grow a little from block to block. With the zero start they are the
# very numbers that went in. (In section 7 you will see how a block that starts at zero can learn at all.)

# %% [markdown]
# ## 5. How is it told the time?
#
# The time comes as one number, t/T. You could hand in that number as it is. But then the first layer, which is linear,
# can only multiply it and add something, and the layers after it have to work hard to make a number that is large at
# one noise level and small at all others. It is easier with many numbers that tell the time in different ways, like
# the hands of a clock, of which one turns quickly and tells the minutes, and another slowly and tells the hours.
#
# So the time becomes a row of waves, some fast and some slow: the cosines, and then the sines, of t times
# *frequencies* that fall from one to the next. With $n$ numbers in the row there are $n/2$ frequencies:
#
# $$\omega_k = \frac{1}{10{,}000^{\,k / (n/2)}}, \quad k = 0, 1, \dots, n/2 - 1$$
# $$\text{row} = \big(\cos \omega_0 t,\; \cos \omega_1 t,\; \dots,\;\; \sin \omega_0 t,\; \sin \omega_1 t,\; \dots \big)$$
#
# ### Your turn 3.3: the time embedding
# *Difficulty 2 of 3, 8 minutes.*
#
# Write it without a loop. `t` holds B times and `dim` is $n$. Multiply every time by every frequency, for angles of the
# shape (B, `dim // 2`). If `dim` is odd, put a column of zeros at the end. `max_period` takes the place of 10,000.

# %% tags=["exercise"]
def time_embedding(t, dim, max_period=10_000):
    """Times t (B,) to rows (B, dim): all cosines, then all sines."""
    return ...  # your code here


checks.check_time_embedding(time_embedding)

# %% tags=["solution"] jupyter={"source_hidden": true}
def solution_time_embedding(t, dim, max_period=10_000):
    half = dim // 2
    frequencies = max_period ** (-torch.arange(half) / half)
    angles = t[:, None] * frequencies  # (B, 1) times (half,) is (B, half)
    return F.pad(torch.cat([angles.cos(), angles.sin()], 1), (0, dim % 2))


time_embedding = checks.keep(time_embedding, solution_time_embedding)

# %% [markdown]
# The trained network makes this row of 1000 t/T, so that it means the same whatever T is. It puts the row through two
# linear layers with a SiLU between them. The result is called an *embedding* of the time, and it tells the blocks what
# time it is. How well can they tell one time from another? Two rows can be compared by the cosine of the angle between
# them: 1 means that they point in the same direction, and 0 that they have nothing in common. Compare t = 250 with all
# other times, for three kinds of row:
#
# - the waves, as you have just written them,
# - what the trained network makes of the waves,
# - what an older network makes of the single number t/T. (It is the `ContextUnet` of the short course *How Diffusion
#   Models Work*, trained on our sprites, with the linear schedule. Its part for the time is called `EmbedFC`: a linear
#   layer, a bend, and a linear layer. You will meet the whole network in section 9.)
#
# **What do you expect?** The waves change quickly with t. Is the trained row as sensitive as the waves are?
#
# <details name="expect-3-3"><summary>Yes: t = 250 and t = 240 get rows that differ clearly</summary>
#
# The rows of waves do. But pictures at t = 250 and t = 240 need nearly the same answer, so training has made the trained
# rows of neighbouring times nearly equal.
#
# </details>
# <details name="expect-3-3"><summary>No: near times get nearly the same row, but distant times different ones</summary>
#
# Yes. The trained row changes smoothly, and yet it turns far away for earlier and for later times. The row of the
# single number turns away for earlier times only.
#
# </details>
# <details name="expect-3-3"><summary>No: all times get nearly the same row, since the time matters little</summary>
#
# Not in our network. Something like it happens to the row of the single number, but only from t = 250 on: there it
# hardly changes any more.
#
# </details>

# %%
context_unet, ab_linear = du.load_model(du.WEIGHTS / "context_model_31.pth", "cpu")
share = torch.arange(501) / 500
waves = time_embedding(1000 * share, 64)
rows = {"the waves": waves, "the Unet's row, made of waves": unet.time(waves),
        "ContextUnet's row, made of t/T": context_unet.timeembed2(share)}
likeness = {name: F.cosine_similarity(row, row[250:251]) for name, row in rows.items()}
for name, values in likeness.items():
    print(f"{name:31} t = 240: {values[240]:.3f}   t = 500: {values[500]:.3f}")
charts.lines({name: (range(501), values) for name, values in likeness.items()},
             ylim=(-0.5, 1.05), x="time t", y="cosine to the row of t = 250",
             alt="The waves: a sharp peak; the Unet: a wide hill; ContextUnet: flat at last")

# %% [markdown]
# Near t = 250 both trained rows hardly change at all, so the waves have not made the network more sensitive to a small
# step in time. What they seem to buy is **reach**: the Unet's row goes on turning up to t = 500, while the row made of
# the single number says nearly the same at all times from t = 250 on. (But the two networks also differ in their
# schedule and in what they answer, so perhaps the second has less need to tell these times apart. Take it as a hint
# rather than as a proof.)
#
# The wish is simpler: a linear layer without a bias makes a row of the same length out of the five numbers, and the two
# rows are added. Their sum, after a SiLU, is the `emb` of the blocks. Five zeros become a row of zeros, so to wish for
# nothing adds nothing.

# %% [markdown]
# ## 6. Can distant places talk to each other?
#
# A convolution weighs the neighbours of a pixel in the same way in every picture. But which places matter to each other
# depends on the picture: the left boot should look like the right one, wherever the two happen to be.
#
# **Self-attention** lets the picture itself decide. At the bottom of the U there are 4 x 4 = 16 places. Out of the
# numbers at each place, linear layers make three rows of d numbers: a *query* q, which says what the place is looking
# for; a *key* k, which says what it has to offer; and a *value* v, which is what it hands over. (This v has nothing to
# do with the `v` that the network answers.) How well the query of place i fits the key of place j is the sum of the
# products of their numbers, divided by $\sqrt{d}$ so that its size does not depend on d. A softmax turns the fits into
# positive weights that add up to 1, and place i gets the average of all values with these weights:
#
# $$\text{attend}(q, k, v) = \text{softmax}\!\left(\frac{q\, k^\top}{\sqrt{d}}\right) v$$
#
# You have met this idea before. Lesson 1's perfect denoiser did nearly the same: its query was the noisy picture, the
# keys and the values were the sprites that it remembered, and its guess was the average of all, weighted by a softmax of
# how well each fitted. Only the measure of the fit was another one: there it was a squared distance, here it is a product.
#
# ### Your turn 3.4: attention
# *Difficulty 2 of 3, 8 minutes.*
#
# Write the formula for many pictures at once. Here `q`, `k` and `v` have the shape (B, heads, N, d): for each of B
# pictures and each head, N places with a row of d numbers. A *head* is one such average, and several of them are made
# side by side, so that a place can look for more than one thing. `@` multiplies the last two axes as matrices and
# repeats that for all others; `k.transpose(2, 3)` exchanges the last two axes of k. Along which axis must the weights
# add up to 1?

# %% tags=["exercise"]
def attend(q, k, v):
    """q, k, v (B, heads, N, d) to what each of the N places gathers: (B, heads, N, d)."""
    return ...  # your code here


checks.check_attend(attend)

# %% tags=["solution"] jupyter={"source_hidden": true}
def solution_attend(q, k, v):
    fit = q @ k.transpose(2, 3) / q.shape[3] ** 0.5  # (B, heads, N, N): a row for each place
    return fit.softmax(3) @ v


attend = checks.keep(attend, solution_attend)

# %% [markdown]
# Around `attend` belongs what you know from the block: a norm before it, a last layer that starts at zero, and the sum
# with the input. The layer `qkv` makes all three rows at once for every place: a convolution of 1 x 1 is a linear layer
# that is used at each place by itself. What is new is `rows`, which arranges maps (B, C, H, W) as rows of numbers, one
# for each place, split among the heads.

# %%
class Attention(nn.Module):
    """Every place gathers from all places: maps (B, C, H, W) to maps of the same shape."""

    def __init__(self, channels, heads=4):
        super().__init__()
        self.heads, self.norm = heads, nn.GroupNorm(8, channels)
        self.qkv = nn.Conv2d(channels, 3 * channels, 1)
        self.out = nn.Conv2d(channels, channels, 1)
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)

    def rows(self, x):
        """Maps (B, C, H, W) as (B, heads, H * W, C / heads)."""
        return x.reshape(len(x), self.heads, -1, x.shape[2] * x.shape[3]).transpose(2, 3)

    def three(self, x):
        """The queries, keys and values of all places, each (B, heads, H * W, C / heads)."""
        return [self.rows(part) for part in self.qkv(self.norm(x)).chunk(3, 1)]

    def forward(self, x):
        gathered = attend(*self.three(x)).transpose(2, 3).reshape(x.shape)
        return x + self.out(gathered)


# %% [markdown]
# Load the trained weights of this one part, and see where a place looks. (`attend` hands out averages, but you want
# to see the weights with which it averages. You get them if you hand in the unit matrix as the values: its row j has a 1
# at place j and 0 everywhere else, so the average of the rows has the weight of place j at place j.)
#
# **What do you expect?** The same place, in the second row and the second column of the 4 x 4, looks around in two
# different sprites. Do its heads look in the same direction in both?
#
# <details name="expect-3-4"><summary>Yes: a trained layer has fixed weights</summary>
#
# The layers that make q, k and v are fixed. But the q and k that they make depend on the picture, and so do the weights
# of the average. Only the first of the four heads looks in the same direction in both sprites.
#
# </details>
# <details name="expect-3-4"><summary>No: where a head looks depends on the picture</summary>
#
# Yes, for three of the four heads. A convolution cannot do that: its weights are the same in every picture.
#
# </details>

# %%
seen = lesson_03.watch(unet, ["middle.0", "attention"])
x_100 = du.add_noise(sprites[:8], 100, eps[:8], ab_t)
lesson_03.guess(unet, x_100, 100, wishes[:8], ab_t)  # a call of the network, which fills `seen`
attention = Attention(96)
attention.load_state_dict(unet.attention.state_dict())
with torch.no_grad():
    assert torch.allclose(attention(seen["middle.0"]), seen["attention"], atol=1e-3)

# %%
with torch.no_grad():
    q, k, _ = attention.three(seen["middle.0"])
    weights = attend(q, k, torch.eye(16).expand(8, 4, 16, 16))
lesson_03.looks(x_100[[0, 4]], weights[[0, 4], :, 5].reshape(2, 4, 4, 4), place=5,
                alt="Two noisy sprites; for each of four heads a map of weights: they differ")

# %% [markdown]
# Head 1 mostly keeps to its own place in both sprites. Head 2 does so in the second sprite only; in the first it looks
# around. Heads 3 and 4 look at other places than their own, and at other ones in the second sprite than in the first. So
# the picture decides. (On a map of 4 x 4, the convolutions reach every place as well, so what attention adds here is the
# choice. On larger maps it would add reach, too, but at a price: with N places there are N x N weights. This is why it
# stands at the bottom.)

# %% [markdown]
# ## 7. Put it together
#
# All parts are ready. The next cell lists the layers of a whole network, with the names that the trained weights know.
# Read it once from top to bottom. Most of it you know, and this is what you may not recognise, or have not met yet:
#
# - `time` and `context` make the embedding of time and wish; `first` makes 32 maps of the three colours.
# - `shrink` are the convolutions in steps of two. `grow` first makes fewer maps, by a convolution of 1 x 1, and then
#   repeats each pixel. In this order the convolution works on the small maps and costs a quarter.
# - `bottom` is block, attention, block.
# - `last` makes three colours of the 32 maps, and `direct` is a short cut from the input to the answer. It is there
#   because a norm brings maps to the same spread whether their numbers were large or small. So the size of the input is
#   forgotten on the way, but the answer must have the right size. Therefore `direct` makes, out of the embedding, a scale
#   and a shift for each colour, and the input times this scale, plus the shift, is added to the answer. Both layers start
#   at zero.

# %%
class Parts(nn.Module):
    predicts, n_cfeat = "v", 5  # what it answers, and how many classes there are to wish for

    def __init__(self, widths=(32, 64, 96), attention=True, across=None):
        super().__init__()
        top, low, n = widths[0], widths[-1], 4 * widths[0]  # n: numbers in the embedding
        self.time = nn.Sequential(nn.Linear(2 * top, n), nn.SiLU(), nn.Linear(n, n))
        self.context, self.first = nn.Linear(5, n, bias=False), conv(3, top)
        pairs = list(zip(widths, widths[1:]))
        halve = [nn.Conv2d(a, b, 3, stride=2, padding=1) for a, b in pairs]
        double = [nn.Sequential(nn.Conv2d(b, a, 1), nn.Upsample(scale_factor=2))
                  for a, b in pairs]
        self.down = nn.ModuleList([Block(w, w, n) for w in widths])
        self.shrink = nn.ModuleList([*halve, nn.Identity()])
        self.middle = nn.ModuleList([Block(low, low, n), Block(low, low, n)])
        self.attention = Attention(low) if attention else nn.Identity()
        self.up = nn.ModuleList([Block(w, w, n) for w in widths[::-1]])
        self.grow = nn.ModuleList([*double[::-1], nn.Identity()])
        self.norm, self.last, self.direct = nn.GroupNorm(8, top), conv(top, 3), nn.Linear(n, 6)
        for start in (*self.last.parameters(), *self.direct.parameters()):
            nn.init.zeros_(start)
        self.across = across or [1] * len(widths)

    def bottom(self, h, emb):
        return self.middle[1](self.attention(self.middle[0](h, emb)), emb)


# %% [markdown]
# ### Your turn 3.5: the whole network
# *Difficulty 3 of 3, 12 minutes.*
#
# Write `forward`, the way from (x, t, c) to the answer:
#
# 1. The embedding. Make the waves of 1000 t with your `time_embedding`, as many as `self.time` takes, which is
#    `self.time[0].in_features`. Send them through `self.time`, and add `self.context(c)`, unless c is None. Then comes
#    a SiLU, once for all blocks.
# 2. The U. Send x through `self.first`, and then through your `down_and_up`. The network itself holds the parts of the
#    walk, so `self` is what you hand in as `net`.
# 3. The answer. Send the maps through `norm`, SiLU and `last`, as in a block. Add what comes the direct way, scale times
#    x plus shift: `self.direct` makes (B, 6) numbers of the embedding, three scales and then three shifts.

# %% tags=["exercise"]
class Unet(Parts):
    def forward(self, x, t, c=None):
        """x (B, 3, H, W), the share t/T (B,) and the wish c (B, 5) or None, to (B, 3, H, W)."""
        return ...  # your code here


checks.check_unet(Unet)

# %% tags=["solution"] jupyter={"source_hidden": true}
class SolutionUnet(Parts):
    def forward(self, x, t, c=None):
        emb = self.time(time_embedding(1000 * t, self.time[0].in_features))
        if c is not None:
            emb = emb + self.context(c)
        emb = F.silu(emb)
        h = down_and_up(self.first(x), emb, self)
        scale, shift = self.direct(emb)[:, :, None, None].chunk(2, 1)
        return self.last(F.silu(self.norm(h))) + scale * x + shift


Unet = checks.keep(Unet, SolutionUnet)

# %% [markdown]
# Now the test that counts. The file `weights/unet.pth` holds a tensor for each name. Load them into your network, which
# PyTorch refuses unless every name and every shape fits, and draw ten sprites with it. The course's own network draws
# them, too, from the same noise. (Both draw in 25 steps; `order=2` and `clip` belong to the fast sampler of lesson 6.)

# %%
mine = Unet().eval().requires_grad_(False)
mine.load_state_dict(torch.load(du.WEIGHTS / "unet.pth", weights_only=True)["state"])
how = dict(n=10, c=torch.arange(10) % 5, seed=7, steps=25, order=2, clip=True)
drawn = {"drawn by your network": du.sample(mine, ab_t, **how),
         "drawn by du.Unet": du.sample(unet, ab_t, **how)}
a, b = drawn.values()
apart = (a - b).square().mean((1, 2, 3)).sqrt().median().item()
assert apart < 1e-2 and du.count_parameters(Unet()) == du.count_parameters(du.Unet())
million = lesson_03.million_operations(mine, x_200[:1], torch.ones(1))
print(f"{du.count_parameters(Unet()):,} parameters; {million:.0f} million operations a sprite.",
      f"The two rows differ by {apart:.0e} (root mean square).")
du.show_rows(drawn, scale=4, label_width=160, alt="Two rows of the same ten sprites")

# %% [markdown]
# **You have just written `du.Unet`.** It has more than a million *parameters*, the numbers that training finds, and you
# know what each of its layers is for. From here on, "the network" is yours.
#
# Watch it at work while a hero appears. Each part is shown by the maps that it puts out. Since 32 maps cannot be
# shown as one picture, the three mixtures of them in which the pixels differ most are shown as red, green and blue.
# So where two pixels have nearly the same colour, these maps hardly tell them apart. The colours themselves mean
# nothing, and they change from part to part. (The two blocks beside the attention are not shown. They are told the time
# and the wish, too.)

# %%
seen, frames, labels = lesson_03.watch(mine, lesson_03.UNET), [], []
x = torch.randn(1, 3, 16, 16, generator=torch.Generator().manual_seed(3))
for step in du.sampler(mine, ab_t, x, torch.tensor([0]), steps=12):
    frames.append({"in": x, "out": step.x0} | seen)
    labels.append(f"t = {step.t}, asked for a hero")
    x = step.x
lesson_03.inside(lesson_03.UNET, frames, labels,
                 alt="Film: a U of feature maps, large on top, small below; a hero appears")

# %% [markdown]
# At t = 500 the map on the upper left is as speckled as the input, and the one on the upper right is far smoother:
# nothing is known yet but the average hero, and this is what the guess shows. Stop the film a little after its middle,
# near t = 200. On the left of the top level much is still speckled. On the right the figure stands out from its
# background, down to single pixels such as those of the eyes. A single pixel of the noisy input cannot say that it
# belongs to an eye, and a pixel of the smaller maps covers more than an eye. The top block had both: what came up from
# below, and what came across.
#
# One thing is still to be explained. The last layers of a new network, and the last layer of each of its blocks, are
# zero. How can a network learn that multiplies by zero in so many places?
#
# **What do you expect?** Training changes each parameter along its *gradient*, which says how the loss would change with
# this parameter. Where the gradient is zero, nothing is learned. In the very first step of a new network, what share of
# its parameters has a gradient that is not zero?
#
# <details name="expect-3-5"><summary>None: zero times anything is zero, and it never learns</summary>
#
# The gradient of a layer that is zero is its *input*, times the gradient that arrives from behind it. For the last
# layers, which come right before the loss, neither is zero, so they can learn at once.
#
# </details>
# <details name="expect-3-5"><summary>Very few at first, then more and more</summary>
#
# Yes. In the first step only the last layers learn. As soon as they are not zero any more, they pass gradients on to
# the last layers of the blocks, and as soon as *those* are not zero, to everything before them. In the third step all
# parts have a gradient.
#
# </details>
# <details name="expect-3-5"><summary>All, as in any other network</summary>
#
# A gradient travels backwards, and every layer on its way multiplies it by its weights. A layer of zeros lets nothing
# through.
#
# </details>

# %%
torch.manual_seed(0)
new = Unet()
assert (new(x_200, torch.full((16,), 0.4), c) == 0).all()  # a new network answers 0
optimizer = torch.optim.SGD(new.parameters(), lr=0.1)
aim = torch.randn(clean.shape)  # any aim will do
for step in range(1, 5):
    optimizer.zero_grad()
    F.mse_loss(new(x_200, torch.full((16,), 0.4), c), aim).backward()
    awake = sum((p.grad != 0).sum().item() for p in new.parameters()) / du.count_parameters(new)
    print(f"step {step}: {awake:.1%} of the parameters have a gradient")
    optimizer.step()

# %% [markdown]
# ## 8. What does each part buy?
#
# You have good reasons for every part by now. But reasons are cheap, and this is a question that can be measured:
# leave a part out, train, and look. For this the network is made half as wide, so that a training takes seconds: 16,
# 32 and 48 maps. There are six rows:
#
# - **whole**: your network, nothing left out,
# - **without time**: it is told t = 0, whatever the time is,
# - **BatchNorm for GroupNorm**: each norm takes its mean and its standard deviation not over groups of maps of one
#   picture, but for each map over *all pictures of the batch*, as the sprite course's network does,
# - **without scale**: time and wish only shift the maps, and do not scale them, much as in the first diffusion networks,
# - **without attention**,
# - **without skips**: nothing goes across.
#
# All rows make equally many steps, on the same sprites, with the same noise and the same optimizer (the rule by which a
# step changes the parameters), and each row is trained from **two seeds**. One training gives one number, which does not
# say how much of it is chance. The score is the mean squared error of the answer `v` on 500 sprites that no network has
# seen, each at another time.
#
# **What do you expect?** Which part is missed most?
#
# <details name="expect-3-6"><summary>The time: it was the first thing to be shown</summary>
#
# It is missed, and in both seeds alike. But a network that is not told the time still learns a good deal. How noisy a
# picture is can be seen in the picture itself, in the grain of its background.
#
# </details>
# <details name="expect-3-6"><summary>The skips</summary>
#
# Yes: compare the last row with all others. Without skips every pixel that the U draws has to pass through its bottom,
# and in a short training the network does not learn to pack and unpack them.
#
# </details>
# <details name="expect-3-6"><summary>The attention</summary>
#
# On a map of 4 x 4 the convolutions reach every place as well, so there is little left that only attention can do.
# Whether it does that little cannot be told from this table, as you will see.
#
# </details>

# %%
SIDE_STEPS = 150  # of each training; twice as many take twice as long

# %%
class NoTime(Unet):
    def forward(self, x, t, c=None):
        return super().forward(x, 0 * t, c)


def build(row):
    """A new network of half the width, with one part left out."""
    net = (NoTime if row == "without time" else Unet)(
        (16, 32, 48), attention=row != "without attention",
        across=[0, 0, 0] if row == "without skips" else None)
    if row == "BatchNorm for GroupNorm":
        lesson_03.replace(net, nn.GroupNorm, lambda norm: nn.BatchNorm2d(norm.num_channels))
    if row == "without scale":
        for block in net.modules():
            if hasattr(block, "scale_shift"):
                block.scale_shift = lesson_03.shift_only(block.scale_shift)
    return net


# %%
times = torch.linspace(1, T, len(held_out.x)).long()
z = torch.randn(held_out.x.shape, generator=torch.Generator().manual_seed(1))
x_t, v = du.add_noise(held_out.x, times, z, ab_t), du.target(held_out.x, times, z, ab_t, "v")


def score(net):
    """The mean squared error of v for 500 held-out sprites, each at another time."""
    with torch.no_grad():
        return F.mse_loss(net.eval()(x_t, times / T, held_out.c), v).item()


def train_net(make, what, seed, steps):
    """A new network make(what), trained; and its losses."""
    torch.manual_seed(seed)
    trainer = du.Trainer(make(what), train, ab_t, batch=32, warmup=20, seed=seed, device="cpu")
    losses = [progress.loss.item() for progress in trainer.run(steps=steps)]
    return trainer.model, losses


# %%
ROWS = ["whole", "without time", "BatchNorm for GroupNorm", "without scale",
        "without attention", "without skips"]
trained = {row: [train_net(build, row, seed, SIDE_STEPS) for seed in (0, 1)] for row in ROWS}
scores = {row: [score(net) for net, _ in both] for row, both in trained.items()}
charts.bars(scores, y="mean squared error of v, held out (two seeds)",
            alt="Bars with two dots each: the error of the whole network and without each part")

# %%
spread = max(abs(a - b) for a, b in scores.values())
whole = sum(scores["whole"]) / 2
nothing = v.square().mean().item()
Markdown("| | seed 0 | seed 1 | change against the whole |\n|---|---|---|---|\n" + "\n".join(
    f"| {row} | {a:.3f} | {b:.3f} | {a / scores['whole'][0] - 1:+.0%}, "
    f"{b / scores['whole'][1] - 1:+.0%} |" for row, (a, b) in scores.items())
    + f"\n\nThe two seeds of a row differ by up to {spread:.3f}. "
    f"To answer 0 everywhere would score {nothing:.3f}.")

# %% [markdown]
# What can be read from this table? Only what is larger than the difference between two seeds of one row, and has the
# same sign in both.
#
# - **The skips** and **the time** pass this test: without them both seeds are clearly worse. The network that is never
#   told the time is not lost, though. It can see for itself how much grain there is.
# - **The scale** and **the attention**: here two seeds cannot tell. The differences are about as large as those
#   between the seeds. This does *not* say that these parts buy nothing. It says that after so few steps, at half the
#   width, on pictures of 16 x 16, what they buy is too small to be seen by somebody with two seeds. Dhariwal and Nichol
#   (see below) found that scale and shift pay, and more attention, too, on larger pictures and after very much longer
#   trainings.
# - **BatchNorm** is the surprise: for the loss it does no harm. On the machine that ran this notebook last it even came
#   out a little better in both seeds, though by hardly more than its own two seeds differ. Whoever looked at the loss
#   only would choose it. Section 9 shows what it costs.
#
# There is one more limit to such a table: it shows only how a training begins. A part that helps in the beginning may
# make no difference in the end, and a part that is worth its price in the end may look useless at first.

# %%
at_200 = du.add_noise(sprites[:10], 200, eps[:10], ab_t)
guesses = {f"{row}": lesson_03.guess(both[0][0].eval(), at_200, 200, wishes[:10], ab_t)
           for row, both in trained.items()}
du.show_rows({"the sprites": sprites[:10], "x_200": at_200} | guesses, scale=3, label_width=190,
             alt="Guesses of the six networks for ten noisy sprites")

# %% [markdown]
# Here you see what so short a training is worth: the figures are there, with their outlines and in dull
# colours, but with hardly a face. The differences are small. With BatchNorm there is a little less grain than in the
# other rows, which fits its score. The last row, without skips, has kept the most grain, and its outlines are the
# faintest. (Part of the outlines comes from x_200 itself, in all rows: the guess is worked out from the answer *and*
# from x_200, so what the answer does not take away remains visible.)

# %% [markdown]
# ## 9. The sprite course's network, and two faults that raise no error
#
# The course *How Diffusion Models Work*, the *sprite course* for short, from which the five classes of our sprites come,
# uses an older U-Net called `ContextUnet`. Many programs that you will meet are made like it. Here are its parts as
# `diffusion_utilities.py` has them, and below them the whole. You can read it now: what is different from yours? (Skip
# the last method of `ResidualConvBlock`, which only fills a gap in old files. GELU is a bend much like SiLU.)

# %%
lesson_03.source(du.ResidualConvBlock, du.UnetDown, du.UnetUp, du.EmbedFC)

# %%
lesson_03.source(du.ContextUnet)

# %%
x_150 = du.add_noise(sprites, 150, eps, ab_linear)
seen = lesson_03.watch(context_unet, lesson_03.CONTEXT_UNET)
x0 = lesson_03.guess(context_unet, x_150[2:3], 150, wishes[2:3], ab_linear)
lesson_03.inside(lesson_03.CONTEXT_UNET, [{"in": x_150[2:3], "out": x0} | seen],
                 alt="The same U, with a single pixel of 128 numbers at the bottom")

# %% [markdown]
# This is what differs from yours:
#
# - Its bottom is a single pixel of 128 numbers (`to_vec`, the grey square): the average of each map. An average over all
#   places cannot say where anything is, so the skips alone have to carry that. The maps get smaller by *max pooling*,
#   which keeps the largest of 2 x 2 numbers and throws the other three away.
# - Its skips are *appended* as further maps (`torch.cat`), not added, so the layer after them gets twice as many maps.
# - The time and the wish come in at two places only, on the way up (the green dots): the maps are multiplied by numbers
#   that are made of the wish, and numbers that are made of the time are added.
# - Its blocks have BatchNorm, and only the first of them adds its input at the end. (There the sum is divided by 1.414,
#   the root of 2, so that it is about as large as each of its two parts.)
#
# ### A layer that is born inside `forward`
#
# This first block makes 64 maps out of three colours, so `x + h` does not fit, and x needs a layer of its own, a
# *shortcut*. (In your block it is called `skip`.) In the original program this layer is made where it is needed: inside
# `forward`.
#
# **What do you expect?** The same sprite goes twice through a block like this, in `eval` mode (in which PyTorch uses a
# network rather than trains it). What comes out?
#
# <details name="expect-3-7"><summary>The same answer twice: in eval mode nothing is random</summary>
#
# Nothing in it is *meant* to be random. But at each call a new layer is made, and a new layer has random weights.
#
# </details>
# <details name="expect-3-7"><summary>Two different answers</summary>
#
# Yes. Each call uses another shortcut. No optimizer ever sees one of them, no checkpoint (a file of weights) holds one,
# and nothing complains.
#
# </details>

# %%
class Broken(nn.Module):
    def __init__(self, channels_in, channels_out):
        super().__init__()
        self.conv = conv(channels_in, channels_out)

    def forward(self, x):
        shortcut = nn.Conv2d(x.shape[1], self.conv.out_channels, 1)  # a new layer at every call
        return (shortcut(x) + self.conv(x)) / 1.414


torch.manual_seed(0)
broken = Broken(3, 64).eval().requires_grad_(False)
first, second = broken(sprites[:8]), broken(sprites[:8])
gap = ((first - second).std() / first.std()).item()
print(f"The two answers differ by {gap:.2f} of their own spread.")
print("A checkpoint holds", *broken.state_dict())
du.show_rows({"in": sprites[:8], "first call": first[:, :1], "second call": second[:, :1],
              "difference": (first - second)[:, :1]}, scale=4, label_width=100,
             alt="One feature map of eight sprites, in two calls: they differ clearly")

# %% [markdown]
# The two answers differ by about as much as the answer itself varies (1.04 times its standard deviation), and the
# checkpoint knows nothing of a shortcut. Now find it in our code above: there the shortcut is made once, in `__init__`.
# If your samples are not the same twice, though they start from the same noise and no noise is added on the way, look
# for an `nn.` inside a `forward`.
#
# ### Neighbours that change the answer
#
# BatchNorm takes its mean and its standard deviation over the whole batch while it trains. In a denoiser, a batch holds
# pictures of all noise levels. When the network is used (`eval`), BatchNorm takes averages that it stored during the
# training instead.
#
# **What do you expect?** Six noisy sprites at t = 150 lie in a batch with 58 others, in training mode. You change
# nothing but the noise level of the *others*. Do ContextUnet's guesses for the six change? (The control is your
# network, with the time at which its schedule gives as much noise: t = 206.)
#
# <details name="expect-3-8"><summary>No: each picture goes through the network on its own</summary>
#
# With GroupNorm it does: your network's guesses move by exactly zero, or as good as that. With BatchNorm the pictures
# of a batch share their means.
#
# </details>
# <details name="expect-3-8"><summary>Yes, and you can see it</summary>
#
# Yes. The guesses lose contrast or get too much of it, depending on the noise of pictures that have nothing to do with
# them.
#
# </details>

# %%
twin = (ab_t - ab_linear[150]).abs().argmin().item()  # the time at which ours has as much noise


def six(net, ab, t, others, training):
    """The guesses for the first six sprites, at time t; the other 58 are at another time."""
    every = torch.tensor([t] * 6 + [others] * 58)
    noisy = du.add_noise(sprites, every, eps, ab)
    with torch.no_grad():
        out = net.train(training)(noisy, every / T, wishes)
    return du.to_x0_eps(out, noisy, every, ab, net.predicts)[0][:6]


# %%
from copy import deepcopy

rows, moved = {"the six sprites": sprites[:6]}, {}
for name, net, ab, t in (("ContextUnet", context_unet, ab_linear, 150),
                         ("yours", mine, ab_t, twin)):
    net = deepcopy(net)  # in training mode BatchNorm changes its stored averages
    rows[f"{name}, in use"] = six(net, ab, t, t, training=False)
    alike = rows[f"{name}, all at t = {t}"] = six(net, ab, t, t, training=True)
    for others in (1, 500):
        x0 = rows[f"{name}, others at t = {others}"] = six(net, ab, t, others, training=True)
        moved[name, others] = far = (x0 - alike).square().mean().sqrt().item()
        print(f"{name:12} others at t = {others:3}: the six move by {far:.6f} (RMS)")
du.show_rows(rows, scale=4, label_width=210,
             alt="ContextUnet's guesses change with their neighbours, yours do not")

# %% [markdown]
# The six inputs are the same in all rows of one network, and yet ContextUnet's guesses change with their neighbours.
# With neighbours that are nearly clean, its guesses stay grey and full of grain; with neighbours of pure noise, they
# turn glaring. And none of these three rows in training mode equals the row that it gives in use. Yours do not move at
# all, because GroupNorm takes its mean and its standard deviation from one picture alone. So this is what BatchNorm
# costs: in its training, the answer for a sprite depends on which others happened to lie in the batch; and in use, with
# its stored averages, it is another network than the one that was trained. (Batches as one-sided as these do not occur
# in a training, where the noise levels are mixed. So the stored averages fit most batches well, and the score of section
# 8, which was measured with them, shows nothing of the fault. But whoever forgets `eval()` while sampling meets it:
# there all pictures are at one time, as in the row "all at t = 150".)
#
# ### The simplest U
#
# Simpler than either is `BasicUNet`, from the first unit of Hugging Face's *Diffusion Models Course*: six convolutions
# of 5 x 5 with max pooling and enlarging between them, and two skips that are added. It is told neither time nor wish.
# Lesson 7 starts from it.

# %%
class BasicUNet(nn.Module):
    """Three 5x5 convolutions down, three up, skips added; it ignores time and wish."""

    def __init__(self, in_channels=1, out_channels=1):
        super().__init__()
        widths = [in_channels, 32, 64, 64, 64, 32, out_channels]
        convs = [nn.Conv2d(a, b, 5, padding=2) for a, b in zip(widths, widths[1:])]
        self.down, self.up = nn.ModuleList(convs[:3]), nn.ModuleList(convs[3:])

    def forward(self, x, t=None, c=None):
        h0 = F.silu(self.down[0](x))
        h1 = F.silu(self.down[1](F.max_pool2d(h0, 2)))
        h = F.silu(self.up[0](F.silu(self.down[2](F.max_pool2d(h1, 2)))))
        h = F.silu(self.up[1](F.interpolate(h, scale_factor=2) + h1))
        return self.up[2](F.interpolate(h, scale_factor=2) + h0)


works, idle = du.count_parameters(BasicUNet()), du.count_parameters(nn.BatchNorm2d(64))
print(f"{works:,} parameters work. With an idle BatchNorm2d(64) there are {works + idle:,}.")

# %% [markdown]
# Why the second number? Hugging Face's notes count the first, but one retelling of these notes prints 309,185. Its
# constructor declares one more layer, a `BatchNorm2d(64)`, which `forward` never calls: 128 numbers that are stored and
# counted, but never used. It is the mirror image of the fault above, where a layer was used and never stored.
#
# ### Is yours better, or only bigger?
#
# A fair race gives every network equally much *work* rather than equally many steps. So the x-axis of the chart counts
# the operations spent on training: three times those of one call (once forward, and about twice that for the gradients)
# for every sprite of every step. The networks are your half-wide one, `BasicUNet`, and a `ContextUnet` that is made
# narrow (`n_feat=16`), so that a call costs about as much. Each is trained from two seeds, until it has spent what yours
# spent in section 8.

# %%
def rival(name):
    """A new network of this name, which predicts v."""
    net = {"BasicUNet": lambda: BasicUNet(3, 3), "yours, half as wide": lambda: build("whole"),
           "ContextUnet, n_feat 16": lambda: du.ContextUnet(3, 16, 5, 16)}[name]()
    net.predicts = "v"
    return net


RIVALS = ["BasicUNet", "ContextUnet, n_feat 16", "yours, half as wide"]
one = (x_200[:1], torch.full((1,), 0.4), c[:1])
cost = {name: lesson_03.million_operations(rival(name).eval(), *one) for name in RIVALS}
budget, races = SIDE_STEPS * cost[RIVALS[2]], {}
for name in RIVALS[:2]:
    steps = max(round(budget / cost[name]), 2)
    races[name] = [train_net(rival, name, seed, steps) for seed in (0, 1)]
races[RIVALS[2]] = trained["whole"]
final = {name: [score(net) for net, _ in both] for name, both in races.items()}

# %%
for name, (a, b) in final.items():
    print(f"{name:24} {du.count_parameters(rival(name)):8,} parameters, {cost[name]:4.1f} "
          f"million operations a sprite, held out {a:.3f} and {b:.3f}")
losses = {name: [losses for _, losses in both] for name, both in races.items()}
charts.lines(lesson_03.by_work(losses, cost), x="million million operations spent on training",
             y="training loss (MSE of v)", alt="Training loss against operations")

# %% [markdown]
# For the same work, yours ends lowest, in both seeds. The ContextUnet comes second, and BasicUNet soon gets better only
# very slowly. It is told neither the time nor the wish, but the time alone does not explain its score: in section 8 your
# network without time reached 0.49. BasicUNet also has no norms and no residual blocks, and this race cannot say which
# of these holds it back. Do not take such a race of some seconds for a verdict on networks that differ in many ways at
# once. All three were also trained with the settings that the course found for networks like yours. What the race does
# show is that yours does not owe its lead to more work. Whether a network of other widths would win against yours is the
# open problem below.
#
# So this is the answer to the lesson's question. What answers for 768 numbers at once is a network that uses the same
# weights at every place. It goes down to small maps, where each place sees all of the sprite, and less of the noise.
# It comes up again, and skips hand it the single pixels. And in every block it is told how much noise to expect, and
# what is wished for.

# %% [markdown]
# ## Try it
#
# Operate on the trained network. Tell it a wrong time, take a part out, and see at once what it does to the guess. (To
# take a part out of a trained network is not the same as to train without it. The other parts rely on it, and have had
# no chance to learn to do without.) Begin with `without`, and choose the skip at 16 x 16. At which true `t` can you take
# out this skip and still recognise the sprite? Which skip matters most at t = 400, and which at t = 50? When is the
# attention missed? The sentence below the picture gives you the errors to compare.

# %%
def operated(without):
    """The trained network without a part."""
    gone = [without in ("all skips", f"the skip at {size} x {size}") for size in (16, 8, 4)]
    net = Unet(attention=without != "attention", across=[0 if g else 1 for g in gone])
    net.load_state_dict(mine.state_dict(), strict=without != "attention")
    return net.eval().requires_grad_(False)


WITHOUT = ["nothing", "attention", "the skip at 16 x 16", "the skip at 8 x 8",
           "the skip at 4 x 4", "all skips"]
patients = {without: operated(without) for without in WITHOUT}


def operation(t=200, told=200, without="nothing", wish="its own", first=0):
    """Guesses without a part, below those of the whole network that is told the truth."""
    x0, own = held_out.x[first : first + 8], held_out.c[first : first + 8]
    c = own if wish == "its own" else torch.eye(5)[[du.CLASSES.index(wish)] * 8]
    x_t = du.add_noise(x0, t, eps[:8], ab_t)
    whole = lesson_03.guess(mine, x_t, t, own, ab_t)
    changed = lesson_03.guess(patients[without], x_t, t, c, ab_t, told)
    a, b = ((x - x0).square().mean().sqrt().item() for x in (whole, changed))
    label = f"told t = {told}" + (f",\nwithout {without}" if without != "nothing" else "")
    rows = {"the sprites": x0, f"noise of t = {t}": x_t, "whole, told the truth": whole,
            label: changed}
    picture = du.show_rows(rows, scale=4, label_width=180,
                           alt=f"Guesses of a network, {label}")
    return picture, f"The whole network is off by {a:.3f}, the one you chose by {b:.3f}."


widgets.try_it(operation, t=(10, 500, 10), told=(10, 500, 10), without=WITHOUT,
               wish=["its own", *du.CLASSES], first=(0, 96, 8))

# %% [markdown]
# ## Open problem
#
# What is the best network for a fixed amount of work? `contest` takes a function that makes a network, lets it train
# for as many operations as your half-wide network spent in section 8, and returns the mean held-out error over two
# seeds. A smaller network makes more steps for that, a larger one fewer. Your half-wide network is the score to beat.
# Are its widths well chosen? Is it better to have more maps at the bottom, or at the top? Would a fourth level pay,
# or two blocks a level, or BatchNorm? Do not forget how far the two seeds lie apart before you believe in a small
# gain.

# %%
def contest(make):
    """The mean held-out error of v over two seeds of networks make(), for the same work."""
    cost = lesson_03.million_operations(make().eval(), *one)
    steps = max(round(budget / cost), 2)
    a, b = (score(train_net(lambda _: make(), "", seed, steps)[0]) for seed in (0, 1))
    print(f"{cost:.1f} million operations a sprite, {steps} steps: {a:.3f} and {b:.3f}")
    return (a + b) / 2


print(f"to beat: {whole:.3f} (the whole network of section 8)")

# %% [markdown]
# The course's own best so far is folded below. Look at it when you have beaten your half-wide network, or given up. It
# was found with a few tries, so there is probably a better one.

# %% tags=["solution"] jupyter={"source_hidden": true}
best = contest(lambda: Unet((16, 16, 16)))
print(f"the course's best so far: {best:.3f}, with 16 maps on every level, and so more steps")

# %% [markdown]
# ## What you saw

# %%
parts_order = ", ".join(f"{row} {sum(scores[row]) / 2:.3f}"
                        for row in sorted(scores, key=lambda row: sum(scores[row])))
order = ", ".join(f"{name} ({sum(final[name]) / 2:.3f})"
                  for name in sorted(final, key=lambda name: sum(final[name])))
Markdown(f"""
- Noisy sprites of t = 200 were guessed with an error of {at[200]:.3f} by a network that was
  told the truth, of {at[50]:.3f} when it was told t = 50, and of {at[400]:.3f} when told 400.
- With the same six convolutions one pixel saw {sees["flat"]:.0%} of the sprite at full size,
  and {sees["u"]:.0%} in a U, for {work["u"] / work["flat"]:.0%} of the operations.
- Your network drew the same sprites as `du.Unet` with the weights of `unet.pth`; the two rows
  differed by {apart:.0e}.
- After {SIDE_STEPS} steps these were the errors of v: {parts_order}.
  Two seeds of a row differed by up to {spread:.3f}.
- A shortcut that is made inside `forward` moved the answer by {gap:.2f} of its own spread.
- Neighbours at t = 500 moved ContextUnet's guesses by {moved["ContextUnet", 500]:.3f}, and
  yours by {moved["yours", 500]:.6f}.
- After equal work, the order by error on held-out sprites was: {order}.
""")

# %% [markdown]
# These figures are those of the machine that ran this notebook last. On yours the trainings of sections 8 and 9 may end
# a little differently, even with the same seeds, because processors add in different orders.
#
# ## Quiz
#
# **1.** How large a square does one pixel of the answer see after ten convolutions of 3 x 3 at full size? Does that
# do for a sprite?
#
# <details><summary>Answer</summary>
#
# 1 + 2 x 10 = 21 pixels, ten to each side. That is more than 16, and yet a pixel in the left upper corner does not see
# the right lower one, which is 15 pixels away.
#
# </details>
#
# **2.** A friend forgets the skips in a U-Net. The program runs without an error. What will the friend see?
#
# <details><summary>Answer</summary>
#
# A loss that falls slowly and stays high, and guesses with faint outlines and much grain, as in the last row of section
# 8. The bottom of the U may know what is drawn, but the exact pixels do not get through it so easily.
#
# </details>
#
# **3.** You draw one sprite at a time with a network that has BatchNorm, and forgot to call `eval()`. What happens?
#
# <details><summary>Answer</summary>
#
# Each map is brought to mean 0 and standard deviation 1 over this one picture, which never happened in the training.
# The guesses change, and they change again when you draw a whole batch. `du.sampler` puts the network into eval mode
# for you.
#
# </details>
#
# **4.** Why may `conv2` of every block start at zero, but not `conv1` as well?
#
# <details><summary>Answer</summary>
#
# The gradient of `conv2` is what comes *into* it, times the gradient that arrives from the layers behind it. If `conv1`
# were zero, too, with a zero bias, the norm after it would get nothing but zeros. Then only the shift would come into
# `conv2`, the same number at every place. So `conv2` would learn something from the shift, but nothing from the picture
# until `conv1` has changed, and `conv1` gets no gradient until `conv2` has changed. Two zeros in a row have to wait for
# each other.
#
# </details>

# %% [markdown]
# ## Where you meet this outside
#
# - **UNet2DModel** and **UNet2DConditionModel** of the *diffusers* library are your network with more of everything:
#   `block_out_channels` are your `widths`, `layers_per_block` how many blocks a level has, `DownBlock2D` and
#   `AttnDownBlock2D` levels without and with attention. Their skips are appended, and `resnet_time_scale_shift` chooses
#   between your scale and shift and a shift alone.
# - **Stable Diffusion** 1 and XL are such U-Nets. The words of a prompt come in by *cross-attention*: queries from the
#   places, keys and values from the words. With your `attend` that is one line.
# - **FLUX**, Stable Diffusion 3 and most newer models have no U any more. They cut the picture into patches and stack
#   attention and linear layers. Your scale and shift by the time is still there, under the name *adaLN*, and so are the
#   zero start (*adaLN-Zero*) and the waves (`Timesteps`, `get_timestep_embedding`).
# - **Checkpoints**: a file that is loaded "by its names" is the usual way to share a network. An error message about
#   *missing keys* and *unexpected keys* says which names do not fit.
#
# ## Going further
#
# - Ronneberger, Fischer and Brox (2015), *U-Net: Convolutional Networks for Biomedical Image Segmentation*: the U and
#   its skips.
# - He, Zhang, Ren and Sun (2016), *Deep Residual Learning for Image Recognition*: why the input is added.
# - Wu and He (2018), *Group Normalization*: the trouble with batches.
# - Vaswani and others (2017), *Attention Is All You Need*: attention, its heads, and the waves.
# - Ho, Jain and Abbeel (2020), *Denoising Diffusion Probabilistic Models*: appendix B describes the first U-Net of this
#   kind: GroupNorm, attention at 16 x 16, the time added in every block.
# - Dhariwal and Nichol (2021), *Diffusion Models Beat GANs on Image Synthesis*: which parts pay, each measured by
#   leaving it out. Your scale and shift is their *adaptive group normalization*.
# - Peebles and Xie (2023), *Scalable Diffusion Models with Transformers*: no U any more; scale, shift and zero start
#   stay.
#
# ContextUnet follows the short course *How Diffusion Models Work* (DeepLearning.AI), BasicUNet the first unit of
# Hugging Face's *Diffusion Models Course*.
#
# Next: [04_training](04_training.ipynb)
