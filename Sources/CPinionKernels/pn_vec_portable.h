// The vector vocabulary in plain C: the reference that every other variant must equal bit for bit.
#include <math.h>

typedef struct { float lane[16]; } pn_vf;
typedef struct { int32_t lane[16]; } pn_vi;
typedef struct { uint8_t lane[64]; } pn_vb;

#define PN_TILE 4
// One body for every count of tokens or queries, element and variant: nothing stays in registers anyway, and the bodies
// of all would take two thirds of the time that compiling this file takes.
#define PN_IS_ONE_TILE 1
#define PN_TILE_BODY static __attribute__((noinline))
#define PN_QUERY_TILE 6
#define PN_KEY_BLOCKS 1
#define PN_KEY_BLOCKS_FOR(Q) 1
#define PN_SIGNED_BYTES 0

#define PN_EACH(type, expression) \
    type r; \
    for (int i = 0; i < 16; i++) r.lane[i] = (expression); \
    return r

#define PN_EACH64(expression) \
    pn_vb r; \
    for (int i = 0; i < 64; i++) r.lane[i] = (uint8_t)(expression); \
    return r

/// IEEE half to float, exact, subnormals included.
PN_INLINE float pn_float_from_half(uint16_t h) {
    uint32_t sign = (uint32_t)(h & 0x8000) << 16, exponent = (h >> 10) & 0x1f, fraction = h & 0x3ff, bits;
    if (exponent == 0) {
        float small = (float)fraction * 0x1p-24f;
        return sign ? -small : small;
    }
    bits = exponent == 31 ? sign | 0x7f800000u | (fraction << 13) | (fraction ? 0x400000u : 0)
                          : sign | ((exponent + 112) << 23) | (fraction << 13);
    float x;
    __builtin_memcpy(&x, &bits, 4);
    return x;
}
/// Float to IEEE half, round to nearest even, overflow to infinity.
PN_INLINE uint16_t pn_half_from_float(float x) {
    uint32_t bits;
    __builtin_memcpy(&bits, &x, 4);
    uint16_t sign = (uint16_t)((bits >> 16) & 0x8000);
    bits &= 0x7fffffffu;
    if (bits > 0x7f800000u) return (uint16_t)(sign | 0x7e00 | ((bits >> 13) & 0x3ff));
    if (bits >= 0x47800000u) return sign | 0x7c00;
    if (bits < 0x38800000u) {
        float magnitude;
        __builtin_memcpy(&magnitude, &bits, 4);
        return (uint16_t)(sign | (uint16_t)rintf(magnitude * 0x1p24f));
    }
    uint32_t half = (bits - 0x38000000u) >> 13, rest = bits & 0x1fff;
    half += rest > 0x1000 || (rest == 0x1000 && (half & 1));
    return (uint16_t)(sign | half);
}

PN_INLINE pn_vf vf_set1(float x) { PN_EACH(pn_vf, x); }
PN_INLINE pn_vf vf_zero(void) { return vf_set1(0); }
PN_INLINE pn_vf vf_load(const float *p) { PN_EACH(pn_vf, p[i]); }
PN_INLINE void vf_store(float *p, pn_vf x) { __builtin_memcpy(p, x.lane, sizeof x.lane); }
PN_INLINE pn_vf vf_load_first(const float *p, size_t n) { PN_EACH(pn_vf, (size_t)i < n ? p[i] : 0); }
PN_INLINE void vf_store_first(float *p, size_t n, pn_vf x) { __builtin_memcpy(p, x.lane, n * sizeof(float)); }
PN_INLINE pn_vf vf_load_eight_twice(const float *p) { PN_EACH(pn_vf, p[i % 8]); }
PN_INLINE pn_vf vf_load_half(const uint16_t *p) { PN_EACH(pn_vf, pn_float_from_half(p[i])); }
PN_INLINE void vf_store_half(uint16_t *p, pn_vf x) {
    for (int i = 0; i < 16; i++) p[i] = pn_half_from_float(x.lane[i]);
}
PN_INLINE pn_vf vf_load_bf16(const uint16_t *p) {
    pn_vf r;
    for (int i = 0; i < 16; i++) {
        uint32_t bits = (uint32_t)p[i] << 16;
        __builtin_memcpy(&r.lane[i], &bits, 4);
    }
    return r;
}
PN_INLINE pn_vf vf_add(pn_vf a, pn_vf b) { PN_EACH(pn_vf, a.lane[i] + b.lane[i]); }
PN_INLINE pn_vf vf_sub(pn_vf a, pn_vf b) { PN_EACH(pn_vf, a.lane[i] - b.lane[i]); }
PN_INLINE pn_vf vf_mul(pn_vf a, pn_vf b) { PN_EACH(pn_vf, a.lane[i] * b.lane[i]); }
PN_INLINE pn_vf vf_div(pn_vf a, pn_vf b) { PN_EACH(pn_vf, a.lane[i] / b.lane[i]); }
PN_INLINE pn_vf vf_fma(pn_vf a, pn_vf b, pn_vf c) { PN_EACH(pn_vf, fmaf(a.lane[i], b.lane[i], c.lane[i])); }
/// As the x86 instructions have it: the second operand where the comparison fails.
PN_INLINE pn_vf vf_max(pn_vf a, pn_vf b) { PN_EACH(pn_vf, a.lane[i] > b.lane[i] ? a.lane[i] : b.lane[i]); }
PN_INLINE pn_vf vf_min(pn_vf a, pn_vf b) { PN_EACH(pn_vf, a.lane[i] < b.lane[i] ? a.lane[i] : b.lane[i]); }
PN_INLINE pn_vf vf_abs(pn_vf a) { PN_EACH(pn_vf, fabsf(a.lane[i])); }
PN_INLINE pn_vf vf_round(pn_vf a) { PN_EACH(pn_vf, rintf(a.lane[i])); }
PN_INLINE pn_vf vf_keep_if_at_least(pn_vf x, pn_vf test, pn_vf limit) {
    PN_EACH(pn_vf, test.lane[i] >= limit.lane[i] ? x.lane[i] : 0);
}
PN_INLINE pn_vf vf_exp2_whole(pn_vf n) {
    pn_vf r;
    for (int i = 0; i < 16; i++) {
        // NaN has no integer value in C; any power will do, as the caller multiplies by a NaN again.
        int32_t bits = (n.lane[i] == n.lane[i] ? (int32_t)n.lane[i] + 127 : 127) << 23;
        __builtin_memcpy(&r.lane[i], &bits, 4);
    }
    return r;
}
PN_INLINE pn_vf vf_zero_if_above(pn_vf x, pn_vf limit) {
    PN_EACH(pn_vf, fabsf(x.lane[i]) > limit.lane[i] ? 0 : x.lane[i]);
}
PN_INLINE pn_vf vf_keep_first(pn_vf x, size_t n, pn_vf fill) {
    PN_EACH(pn_vf, (size_t)i < n ? x.lane[i] : fill.lane[i]);
}
PN_INLINE int32_t vf_store_int8(int8_t *p, pn_vf x) {
    int32_t sum = 0;
    for (int i = 0; i < 16; i++) {
        float v = rintf(x.lane[i]);
        p[i] = (int8_t)(v > 127 ? 127 : v >= -128 ? v : -128);
        sum += p[i];
    }
    return sum;
}
PN_INLINE pn_vf vf_load_u8(const uint8_t *p) { PN_EACH(pn_vf, (float)p[i]); }
PN_INLINE pn_vf vf_load_i8(const uint8_t *p) { PN_EACH(pn_vf, (float)(int8_t)p[i]); }
PN_INLINE pn_vf vf_load_low_nibbles(const uint8_t *p) { PN_EACH(pn_vf, (float)(p[i] & 15)); }
PN_INLINE pn_vf vf_load_high_nibbles(const uint8_t *p) { PN_EACH(pn_vf, (float)(p[i] >> 4)); }
PN_INLINE pn_vf vf_from_vi(pn_vi x) { PN_EACH(pn_vf, (float)x.lane[i]); }
PN_INLINE pn_vi vi_set1(int32_t x) { PN_EACH(pn_vi, x); }
#define VI_KEEP_ORDER(x) ((void)(x))
PN_INLINE pn_vi vi_load(const int32_t *p) { PN_EACH(pn_vi, p[i]); }
PN_INLINE void vi_store(int32_t *p, pn_vi x) { __builtin_memcpy(p, x.lane, sizeof x.lane); }
PN_INLINE pn_vi vi_shift_left(pn_vi x, const int n) { PN_EACH(pn_vi, x.lane[i] * (1 << n)); }
PN_INLINE pn_vi vi_fold(pn_vi x) { PN_EACH(pn_vi, x.lane[i] + x.lane[(i + 8) % 16]); }
PN_INLINE pn_vi vi_add(pn_vi a, pn_vi b) { PN_EACH(pn_vi, a.lane[i] + b.lane[i]); }
PN_INLINE pn_vf vf_of_bits(pn_vi x) {
    pn_vf r;
    __builtin_memcpy(r.lane, x.lane, sizeof r.lane);
    return r;
}
PN_INLINE pn_vi vi_zero(void) { return vi_set1(0); }
PN_INLINE pn_vb vb_zero(void) { PN_EACH64(0); }
PN_INLINE pn_vb vb_load(const uint8_t *p) {
    pn_vb r;
    __builtin_memcpy(r.lane, p, 64);
    return r;
}
PN_INLINE pn_vb vb_low(pn_vb x) {
    for (int i = 0; i < 64; i++) x.lane[i] &= 0x0f;
    return x;
}
PN_INLINE pn_vb vb_high(pn_vb x) {
    for (int i = 0; i < 64; i++) x.lane[i] >>= 4;
    return x;
}
PN_INLINE pn_vb vb_field(pn_vb x, const int at, const int count) { PN_EACH64(x.lane[i] >> at & ((1 << count) - 1)); }
PN_INLINE pn_vb vb_or_field(pn_vb low, pn_vb x, const int at, const int to, const int count) {
    PN_EACH64(low.lane[i] | ((x.lane[i] >> at & ((1 << count) - 1)) << to));
}
PN_INLINE pn_vb vb_push(pn_vb a, pn_vb x, const int count) {
    PN_EACH64((a.lane[i] | (x.lane[i] & ~((1 << (8 - count)) - 1))) >> count);
}
#define VB_KEEP(x) ((void)(x))
PN_INLINE pn_vb vb_multiples(const uint8_t *p) { PN_EACH64((p[i / 4] & 15) * (i % 4)); }
PN_INLINE pn_vb vb_places_of_multiples(void) { PN_EACH64(i / 4 % 4 * 4); }
PN_INLINE pn_vi vi_times_low_nibbles(pn_vi x, const uint8_t *p) { PN_EACH(pn_vi, (int16_t)x.lane[i] * (p[i] & 15)); }
PN_INLINE pn_vb vb_table(const uint8_t *p) { PN_EACH64(p[i % 16]); }
PN_INLINE pn_vb vb_lookup(pn_vb table, pn_vb x) { PN_EACH64(table.lane[i / 16 * 16 + x.lane[i]]); }
PN_INLINE pn_vi vi_lookup(pn_vb table, pn_vi x) { PN_EACH(pn_vi, table.lane[x.lane[i]]); }
PN_INLINE pn_vi vi_bits(pn_vb x, size_t shift, int count) {
    // Byte 0 of a lane is its lowest, whatever the machine's order.
    PN_EACH(pn_vi, (int32_t)(x.lane[4 * i + shift / 8] >> shift % 8) & ((1 << count) - 1));
}
PN_INLINE pn_vi vi_or_shifted(pn_vi a, pn_vi b, const int n) { PN_EACH(pn_vi, a.lane[i] | b.lane[i] << n); }
PN_INLINE pn_vi vi_dot(pn_vi acc, pn_vb w, const int8_t *a) {
    for (int i = 0; i < 16; i++) {
        for (int j = 0; j < 4; j++) acc.lane[i] += (int32_t)w.lane[4 * i + j] * a[j];
    }
    return acc;
}
PN_INLINE pn_vb vb_prepare_q8(pn_vb w) { return w; }
PN_INLINE pn_vi vi_dot_q8(pn_vi acc, pn_vb w, const int8_t *a) { return vi_dot(acc, w, a); }
PN_INLINE float vf_reduce_add(pn_vf x) {
    for (int half = 8; half > 0; half /= 2) {
        for (int i = 0; i < half; i++) x.lane[i] += x.lane[i + half];
    }
    return x.lane[0];
}
PN_INLINE float vf_reduce_max(pn_vf x) {
    for (int half = 8; half > 0; half /= 2) {
        for (int i = 0; i < half; i++) x.lane[i] = x.lane[i] > x.lane[i + half] ? x.lane[i] : x.lane[i + half];
    }
    return x.lane[0];
}
