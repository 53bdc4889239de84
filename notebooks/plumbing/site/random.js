// torch.Generator().manual_seed(seed) and its normal_() on a CPU, in JavaScript: so a seed gives the same noise, and
// with it the same sprite, on this page as in the lesson. The bits come from the Mersenne twister, the bell from Box
// and Muller, sixteen numbers at a time.

export class Generator {
  constructor(seed = 0) {
    this.state = new Uint32Array(624);
    this.state[0] = seed;
    for (let i = 1; i < 624; i++) {
      const last = this.state[i - 1] ^ (this.state[i - 1] >>> 30);
      this.state[i] = Math.imul(1812433253, last) + i;
    }
    this.next = 624;
  }

  /** 32 random bits, as MT19937 gives them. */
  bits() {
    const s = this.state;
    if (this.next === 624) {
      for (let i = 0; i < 624; i++) {
        const y = (s[i] & 0x80000000) | (s[(i + 1) % 624] & 0x7fffffff);
        s[i] = s[(i + 397) % 624] ^ (y >>> 1) ^ (y & 1 ? 0x9908b0df : 0);
      }
      this.next = 0;
    }
    let y = s[this.next++];
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    return (y ^ (y >>> 18)) >>> 0;
  }

  uniform() {
    return (this.bits() & 0xffffff) / 2 ** 24;
  }

  /** `count` standard normal numbers, 16 at least, as torch.empty(count).normal_() draws them. */
  normal(count) {
    if (count < 16) throw new Error("torch draws fewer than 16 numbers in another way, which is not written here");
    const out = Float32Array.from({ length: count }, () => this.uniform());
    for (let i = 0; i + 16 <= count; i += 16) bell(out.subarray(i, i + 16));
    if (count % 16) {
      // the last sixteen anew
      const last = out.subarray(count - 16);
      for (let i = 0; i < 16; i++) last[i] = this.uniform();
      bell(last);
    }
    return out;
  }
}

/** Sixteen uniform numbers become sixteen normal ones, the j-th together with the one eight further on. */
function bell(numbers) {
  for (let j = 0; j < 8; j++) {
    const radius = Math.sqrt(-2 * Math.log(1 - numbers[j])),
      angle = 2 * Math.PI * numbers[j + 8];
    numbers[j] = radius * Math.cos(angle);
    numbers[j + 8] = radius * Math.sin(angle);
  }
}
