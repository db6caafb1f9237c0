// The vector vocabulary on NEON with dot products (Armv8.2-A): each 16-lane value is four 128-bit registers.
#include <arm_neon.h>

typedef struct { float32x4_t q0, q1, q2, q3; } pn_vf;
typedef struct { int32x4_t q0, q1, q2, q3; } pn_vi;
typedef struct { uint8x16_t q0, q1, q2, q3; } pn_vb;

/// Tokens of one register tile: their 16 integer sums stay in the 32 registers, the float sums wait in memory, which
/// each block touches once.
#define PN_TILE 4
#define PN_IS_ONE_TILE 0
#define PN_TILE_BODY PN_INLINE
/// Queries of an attention tile; 6 by one block of keys are 24 sums, beside 4 registers of keys.
#define PN_QUERY_TILE 6
#define PN_KEY_BLOCKS 2
#define PN_KEY_BLOCKS_FOR(Q) ((Q) > 2 ? 1 : 2)
/// The dot product takes signed bytes on both sides.
#define PN_SIGNED_BYTES 1

/// An operation on each of the four registers.
#define PN_QUARTERS1(type, op, a) ((type){op((a).q0), op((a).q1), op((a).q2), op((a).q3)})
#define PN_QUARTERS2(type, op, a, b) \
    ((type){op((a).q0, (b).q0), op((a).q1, (b).q1), op((a).q2, (b).q2), op((a).q3, (b).q3)})
#define PN_QUARTERS3(type, op, a, b, c) \
    ((type){op((a).q0, (b).q0, (c).q0), op((a).q1, (b).q1, (c).q1), op((a).q2, (b).q2, (c).q2), \
        op((a).q3, (b).q3, (c).q3)})
/// The same with one second operand for all four.
#define PN_QUARTERS_BY(type, op, a, b) ((type){op((a).q0, b), op((a).q1, b), op((a).q2, b), op((a).q3, b)})

PN_INLINE pn_vf vf_set1(float x) {
    float32x4_t q = vdupq_n_f32(x);
    return (pn_vf){q, q, q, q};
}
PN_INLINE pn_vf vf_zero(void) { return vf_set1(0); }
PN_INLINE pn_vf vf_load(const float *p) {
    return (pn_vf){vld1q_f32(p), vld1q_f32(p + 4), vld1q_f32(p + 8), vld1q_f32(p + 12)};
}
PN_INLINE void vf_store(float *p, pn_vf x) {
    vst1q_f32(p, x.q0);
    vst1q_f32(p + 4, x.q1);
    vst1q_f32(p + 8, x.q2);
    vst1q_f32(p + 12, x.q3);
}
#include "pn_vec_tails.h"
PN_INLINE pn_vf vf_load_eight_twice(const float *p) {
    float32x4_t first = vld1q_f32(p), second = vld1q_f32(p + 4);
    return (pn_vf){first, second, first, second};
}
PN_INLINE pn_vf vf_load_half(const uint16_t *p) {
    float16x8_t lo = vreinterpretq_f16_u16(vld1q_u16(p)), hi = vreinterpretq_f16_u16(vld1q_u16(p + 8));
    return (pn_vf){vcvt_f32_f16(vget_low_f16(lo)), vcvt_high_f32_f16(lo), vcvt_f32_f16(vget_low_f16(hi)),
        vcvt_high_f32_f16(hi)};
}
PN_INLINE void vf_store_half(uint16_t *p, pn_vf x) {
    vst1q_u16(p, vreinterpretq_u16_f16(vcvt_high_f16_f32(vcvt_f16_f32(x.q0), x.q1)));
    vst1q_u16(p + 8, vreinterpretq_u16_f16(vcvt_high_f16_f32(vcvt_f16_f32(x.q2), x.q3)));
}
PN_INLINE pn_vf vf_load_bf16(const uint16_t *p) {
    uint16x8_t lo = vld1q_u16(p), hi = vld1q_u16(p + 8);
    return (pn_vf){vreinterpretq_f32_u32(vshll_n_u16(vget_low_u16(lo), 16)),
        vreinterpretq_f32_u32(vshll_high_n_u16(lo, 16)), vreinterpretq_f32_u32(vshll_n_u16(vget_low_u16(hi), 16)),
        vreinterpretq_f32_u32(vshll_high_n_u16(hi, 16))};
}
PN_INLINE pn_vf vf_add(pn_vf a, pn_vf b) { return PN_QUARTERS2(pn_vf, vaddq_f32, a, b); }
PN_INLINE pn_vf vf_sub(pn_vf a, pn_vf b) { return PN_QUARTERS2(pn_vf, vsubq_f32, a, b); }
PN_INLINE pn_vf vf_mul(pn_vf a, pn_vf b) { return PN_QUARTERS2(pn_vf, vmulq_f32, a, b); }
PN_INLINE pn_vf vf_div(pn_vf a, pn_vf b) { return PN_QUARTERS2(pn_vf, vdivq_f32, a, b); }
PN_INLINE pn_vf vf_fma(pn_vf a, pn_vf b, pn_vf c) { return PN_QUARTERS3(pn_vf, vfmaq_f32, c, a, b); }
/// Not vmaxq and vminq, which return NaN for either operand and order the zeros.
PN_INLINE float32x4_t pn_max_quarter(float32x4_t a, float32x4_t b) { return vbslq_f32(vcgtq_f32(a, b), a, b); }
PN_INLINE float32x4_t pn_min_quarter(float32x4_t a, float32x4_t b) { return vbslq_f32(vcltq_f32(a, b), a, b); }
PN_INLINE pn_vf vf_max(pn_vf a, pn_vf b) { return PN_QUARTERS2(pn_vf, pn_max_quarter, a, b); }
PN_INLINE pn_vf vf_min(pn_vf a, pn_vf b) { return PN_QUARTERS2(pn_vf, pn_min_quarter, a, b); }
PN_INLINE pn_vf vf_abs(pn_vf a) { return PN_QUARTERS1(pn_vf, vabsq_f32, a); }
PN_INLINE pn_vf vf_round(pn_vf a) { return PN_QUARTERS1(pn_vf, vrndnq_f32, a); }
PN_INLINE float32x4_t pn_keep_quarter(float32x4_t x, float32x4_t test, float32x4_t limit) {
    return vreinterpretq_f32_u32(vandq_u32(vreinterpretq_u32_f32(x), vcgeq_f32(test, limit)));
}
PN_INLINE pn_vf vf_keep_if_at_least(pn_vf x, pn_vf test, pn_vf limit) {
    return PN_QUARTERS3(pn_vf, pn_keep_quarter, x, test, limit);
}
/// The conversion makes 0 of NaN, and so 1 of its power.
PN_INLINE float32x4_t pn_exp2_quarter(float32x4_t n) {
    return vreinterpretq_f32_s32(vshlq_n_s32(vaddq_s32(vcvtnq_s32_f32(n), vdupq_n_s32(127)), 23));
}
PN_INLINE pn_vf vf_exp2_whole(pn_vf n) { return PN_QUARTERS1(pn_vf, pn_exp2_quarter, n); }
PN_INLINE float32x4_t pn_zero_quarter(float32x4_t x, float32x4_t limit) {
    return vreinterpretq_f32_u32(vbicq_u32(vreinterpretq_u32_f32(x), vcgtq_f32(vabsq_f32(x), limit)));
}
PN_INLINE pn_vf vf_zero_if_above(pn_vf x, pn_vf limit) { return PN_QUARTERS2(pn_vf, pn_zero_quarter, x, limit); }
PN_INLINE pn_vf vf_keep_first(pn_vf x, size_t n, pn_vf fill) {
    static const uint32_t lanes[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    uint32x4_t count = vdupq_n_u32((uint32_t)n);
    return (pn_vf){vbslq_f32(vcltq_u32(vld1q_u32(lanes), count), x.q0, fill.q0),
        vbslq_f32(vcltq_u32(vld1q_u32(lanes + 4), count), x.q1, fill.q1),
        vbslq_f32(vcltq_u32(vld1q_u32(lanes + 8), count), x.q2, fill.q2),
        vbslq_f32(vcltq_u32(vld1q_u32(lanes + 12), count), x.q3, fill.q3)};
}
PN_INLINE int32_t vf_store_int8(int8_t *p, pn_vf x) {
    // NaN becomes the least byte, where the conversion alone would make 0 of it.
    pn_vf v = vf_max(x, vf_set1(-128));
    int16x8_t lo = vqmovn_high_s32(vqmovn_s32(vcvtnq_s32_f32(v.q0)), vcvtnq_s32_f32(v.q1));
    int16x8_t hi = vqmovn_high_s32(vqmovn_s32(vcvtnq_s32_f32(v.q2)), vcvtnq_s32_f32(v.q3));
    int8x16_t bytes = vqmovn_high_s16(vqmovn_s16(lo), hi);
    vst1q_s8(p, bytes);
    return vaddlvq_s8(bytes);
}
PN_INLINE pn_vf pn_from_bytes(uint8x16_t bytes) {
    uint16x8_t lo = vmovl_u8(vget_low_u8(bytes)), hi = vmovl_high_u8(bytes);
    return (pn_vf){vcvtq_f32_u32(vmovl_u16(vget_low_u16(lo))), vcvtq_f32_u32(vmovl_high_u16(lo)),
        vcvtq_f32_u32(vmovl_u16(vget_low_u16(hi))), vcvtq_f32_u32(vmovl_high_u16(hi))};
}
PN_INLINE pn_vf vf_load_u8(const uint8_t *p) { return pn_from_bytes(vld1q_u8(p)); }
PN_INLINE pn_vf vf_load_low_nibbles(const uint8_t *p) {
    return pn_from_bytes(vandq_u8(vld1q_u8(p), vdupq_n_u8(0x0f)));
}
PN_INLINE pn_vf vf_load_high_nibbles(const uint8_t *p) { return pn_from_bytes(vshrq_n_u8(vld1q_u8(p), 4)); }
PN_INLINE pn_vf vf_load_i8(const uint8_t *p) {
    int8x16_t bytes = vreinterpretq_s8_u8(vld1q_u8(p));
    int16x8_t lo = vmovl_s8(vget_low_s8(bytes)), hi = vmovl_high_s8(bytes);
    return (pn_vf){vcvtq_f32_s32(vmovl_s16(vget_low_s16(lo))), vcvtq_f32_s32(vmovl_high_s16(lo)),
        vcvtq_f32_s32(vmovl_s16(vget_low_s16(hi))), vcvtq_f32_s32(vmovl_high_s16(hi))};
}
PN_INLINE pn_vf vf_from_vi(pn_vi x) { return PN_QUARTERS1(pn_vf, vcvtq_f32_s32, x); }
PN_INLINE pn_vi vi_set1(int32_t x) {
    int32x4_t q = vdupq_n_s32(x);
    return (pn_vi){q, q, q, q};
}
#define VI_KEEP_ORDER(x) ((void)(x))
PN_INLINE pn_vi vi_load(const int32_t *p) {
    return (pn_vi){vld1q_s32(p), vld1q_s32(p + 4), vld1q_s32(p + 8), vld1q_s32(p + 12)};
}
PN_INLINE void vi_store(int32_t *p, pn_vi x) {
    vst1q_s32(p, x.q0);
    vst1q_s32(p + 4, x.q1);
    vst1q_s32(p + 8, x.q2);
    vst1q_s32(p + 12, x.q3);
}
PN_INLINE pn_vi vi_shift_left(pn_vi x, const int n) { return PN_QUARTERS_BY(pn_vi, vshlq_s32, x, vdupq_n_s32(n)); }
PN_INLINE pn_vi vi_fold(pn_vi x) {
    int32x4_t first = vaddq_s32(x.q0, x.q2), second = vaddq_s32(x.q1, x.q3);
    return (pn_vi){first, second, first, second};
}
PN_INLINE pn_vi vi_add(pn_vi a, pn_vi b) { return PN_QUARTERS2(pn_vi, vaddq_s32, a, b); }
PN_INLINE pn_vf vf_of_bits(pn_vi x) { return PN_QUARTERS1(pn_vf, vreinterpretq_f32_s32, x); }
PN_INLINE pn_vi vi_zero(void) { return vi_set1(0); }
PN_INLINE pn_vb vb_zero(void) {
    uint8x16_t q = vdupq_n_u8(0);
    return (pn_vb){q, q, q, q};
}
PN_INLINE pn_vb vb_load(const uint8_t *p) {
    return (pn_vb){vld1q_u8(p), vld1q_u8(p + 16), vld1q_u8(p + 32), vld1q_u8(p + 48)};
}
PN_INLINE pn_vb vb_low(pn_vb x) { return PN_QUARTERS_BY(pn_vb, vandq_u8, x, vdupq_n_u8(0x0f)); }
PN_INLINE pn_vb vb_high(pn_vb x) { return PN_QUARTERS_BY(pn_vb, vshrq_n_u8, x, 4); }
/// `low` with the bits of `mask` from x shifted left by n, or right by -n. A variable shift, as an inline function's
/// argument is no constant expression; the compiler makes an immediate of it.
PN_INLINE pn_vb pn_insert(pn_vb low, pn_vb x, const int n, const uint8_t mask) {
    uint8x16_t bits = vdupq_n_u8(mask);
    int8x16_t shift = vdupq_n_s8((int8_t)n);
    return (pn_vb){vbslq_u8(bits, vshlq_u8(x.q0, shift), low.q0), vbslq_u8(bits, vshlq_u8(x.q1, shift), low.q1),
        vbslq_u8(bits, vshlq_u8(x.q2, shift), low.q2), vbslq_u8(bits, vshlq_u8(x.q3, shift), low.q3)};
}
PN_INLINE pn_vb vb_or_field(pn_vb low, pn_vb x, const int at, const int to, const int count) {
    return pn_insert(low, x, to - at, (uint8_t)(((1 << count) - 1) << to));
}
PN_INLINE pn_vb vb_field(pn_vb x, const int at, const int count) {
    int8x16_t shift = vdupq_n_s8((int8_t)-at);
    uint8x16_t bits = vdupq_n_u8((uint8_t)((1 << count) - 1));
    return (pn_vb){vandq_u8(vshlq_u8(x.q0, shift), bits), vandq_u8(vshlq_u8(x.q1, shift), bits),
        vandq_u8(vshlq_u8(x.q2, shift), bits), vandq_u8(vshlq_u8(x.q3, shift), bits)};
}
PN_INLINE uint8x16_t pn_push_quarter(uint8x16_t a, uint8x16_t x, const int count) {
    uint8x16_t low = vdupq_n_u8((uint8_t)((1 << (8 - count)) - 1));
    return vshlq_u8(vbslq_u8(low, a, x), vdupq_n_s8((int8_t)-count));
}
PN_INLINE pn_vb vb_push(pn_vb a, pn_vb x, const int count) {
    return (pn_vb){pn_push_quarter(a.q0, x.q0, count), pn_push_quarter(a.q1, x.q1, count),
        pn_push_quarter(a.q2, x.q2, count), pn_push_quarter(a.q3, x.q3, count)};
}
#define VB_KEEP(x) ((void)(x))
PN_INLINE uint8x16_t pn_multiples_quarter(uint8x16_t x, const uint8_t first) {
    static const uint8_t rows[16] = {0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3};
    static const uint8_t factors[16] = {0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3};
    return vmulq_u8(vqtbl1q_u8(x, vaddq_u8(vld1q_u8(rows), vdupq_n_u8(first))), vld1q_u8(factors));
}
PN_INLINE pn_vb vb_multiples(const uint8_t *p) {
    uint8x16_t x = vandq_u8(vld1q_u8(p), vdupq_n_u8(0x0f));
    return (pn_vb){pn_multiples_quarter(x, 0), pn_multiples_quarter(x, 4), pn_multiples_quarter(x, 8),
        pn_multiples_quarter(x, 12)};
}
PN_INLINE pn_vb vb_places_of_multiples(void) {
    static const uint8_t places[16] = {0, 0, 0, 0, 4, 4, 4, 4, 8, 8, 8, 8, 12, 12, 12, 12};
    uint8x16_t q = vld1q_u8(places);
    return (pn_vb){q, q, q, q};
}
PN_INLINE pn_vi vi_times_low_nibbles(pn_vi x, const uint8_t *p) {
    uint8x16_t bytes = vandq_u8(vld1q_u8(p), vdupq_n_u8(0x0f));
    uint16x8_t lo = vmovl_u8(vget_low_u8(bytes)), hi = vmovl_high_u8(bytes);
    return (pn_vi){vmulq_s32(x.q0, vreinterpretq_s32_u32(vmovl_u16(vget_low_u16(lo)))),
        vmulq_s32(x.q1, vreinterpretq_s32_u32(vmovl_high_u16(lo))),
        vmulq_s32(x.q2, vreinterpretq_s32_u32(vmovl_u16(vget_low_u16(hi)))),
        vmulq_s32(x.q3, vreinterpretq_s32_u32(vmovl_high_u16(hi)))};
}
PN_INLINE pn_vb vb_table(const uint8_t *p) {
    uint8x16_t q = vld1q_u8(p);
    return (pn_vb){q, q, q, q};
}
PN_INLINE pn_vb vb_lookup(pn_vb table, pn_vb x) { return PN_QUARTERS2(pn_vb, vqtbl1q_u8, table, x); }
PN_INLINE int32x4_t pn_lookup_quarter(uint8x16_t table, int32x4_t x) {
    return vandq_s32(vreinterpretq_s32_u8(vqtbl1q_u8(table, vreinterpretq_u8_s32(x))), vdupq_n_s32(0xff));
}
PN_INLINE pn_vi vi_lookup(pn_vb table, pn_vi x) { return PN_QUARTERS2(pn_vi, pn_lookup_quarter, table, x); }
PN_INLINE int32x4_t pn_bits_quarter(uint8x16_t x, size_t shift, int count) {
    uint32x4_t at = vshlq_u32(vreinterpretq_u32_u8(x), vdupq_n_s32(-(int32_t)shift));
    return vreinterpretq_s32_u32(vandq_u32(at, vdupq_n_u32((1u << count) - 1)));
}
PN_INLINE pn_vi vi_bits(pn_vb x, size_t shift, int count) {
    return (pn_vi){pn_bits_quarter(x.q0, shift, count), pn_bits_quarter(x.q1, shift, count),
        pn_bits_quarter(x.q2, shift, count), pn_bits_quarter(x.q3, shift, count)};
}
PN_INLINE pn_vi vi_or_shifted(pn_vi a, pn_vi b, const int n) {
    int32x4_t shift = vdupq_n_s32(n);
    pn_vi at = PN_QUARTERS_BY(pn_vi, vshlq_s32, b, shift);
    return PN_QUARTERS2(pn_vi, vorrq_s32, a, at);
}
/// Weights in -128...127: up to 7 bits they are the same signed and unsigned.
PN_INLINE pn_vi vi_dot(pn_vi acc, pn_vb w, const int8_t *a) {
    int32_t four;
    __builtin_memcpy(&four, a, 4);
    int8x16_t x = vreinterpretq_s8_s32(vdupq_n_s32(four));
    return (pn_vi){vdotq_s32(acc.q0, vreinterpretq_s8_u8(w.q0), x), vdotq_s32(acc.q1, vreinterpretq_s8_u8(w.q1), x),
        vdotq_s32(acc.q2, vreinterpretq_s8_u8(w.q2), x), vdotq_s32(acc.q3, vreinterpretq_s8_u8(w.q3), x)};
}
PN_INLINE pn_vb vb_prepare_q8(pn_vb w) { return PN_QUARTERS_BY(pn_vb, veorq_u8, w, vdupq_n_u8(0x80)); }
PN_INLINE pn_vi vi_dot_q8(pn_vi acc, pn_vb w, const int8_t *a) { return vi_dot(acc, w, a); }
PN_INLINE float vf_reduce_add(pn_vf x) {
    float32x4_t q = vaddq_f32(vaddq_f32(x.q0, x.q2), vaddq_f32(x.q1, x.q3));
    float32x2_t d = vadd_f32(vget_low_f32(q), vget_high_f32(q));
    return vget_lane_f32(d, 0) + vget_lane_f32(d, 1);
}
PN_INLINE float vf_reduce_max(pn_vf x) {
    float32x4_t q = pn_max_quarter(pn_max_quarter(x.q0, x.q2), pn_max_quarter(x.q1, x.q3));
    q = pn_max_quarter(q, vextq_f32(q, q, 2));
    float first = vgetq_lane_f32(q, 0), second = vgetq_lane_f32(q, 1);
    return first > second ? first : second;
}
