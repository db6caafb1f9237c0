// The vector vocabulary on AVX2 + FMA + F16C: each 16-lane value is a pair of 256-bit registers.
#include <immintrin.h>

typedef struct { __m256 lo, hi; } pn_vf;
typedef struct { __m256i lo, hi; } pn_vi;
typedef struct { __m256i lo, hi; } pn_vb;

/// Tokens of one register tile; 16 registers hold no more without spilling.
#define PN_TILE 2
#define PN_IS_ONE_TILE 0
#define PN_TILE_BODY PN_INLINE
/// Queries of an attention tile; 6 by one block of keys are 12 registers of sums.
#define PN_QUERY_TILE 6
#define PN_KEY_BLOCKS 2
#define PN_KEY_BLOCKS_FOR(Q) ((Q) > 3 ? 1 : 2)
/// Weights of 8 bits are multiplied as signed bytes: unsigned ones would leave int16.
#define PN_SIGNED_BYTES 1

#define PN_VF(op_lo, op_hi) ((pn_vf){(op_lo), (op_hi)})

PN_INLINE pn_vf vf_zero(void) { return PN_VF(_mm256_setzero_ps(), _mm256_setzero_ps()); }
PN_INLINE pn_vf vf_set1(float x) { return PN_VF(_mm256_set1_ps(x), _mm256_set1_ps(x)); }
PN_INLINE pn_vf vf_load(const float *p) { return PN_VF(_mm256_loadu_ps(p), _mm256_loadu_ps(p + 8)); }
PN_INLINE void vf_store(float *p, pn_vf x) {
    _mm256_storeu_ps(p, x.lo);
    _mm256_storeu_ps(p + 8, x.hi);
}
#include "pn_vec_tails.h"
PN_INLINE pn_vf vf_load_eight_twice(const float *p) { return PN_VF(_mm256_loadu_ps(p), _mm256_loadu_ps(p)); }
PN_INLINE pn_vf vf_load_half(const uint16_t *p) {
    return PN_VF(_mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)p)),
        _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(p + 8))));
}
PN_INLINE void vf_store_half(uint16_t *p, pn_vf x) {
    _mm_storeu_si128((__m128i *)p, _mm256_cvtps_ph(x.lo, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
    _mm_storeu_si128((__m128i *)(p + 8), _mm256_cvtps_ph(x.hi, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
}
PN_INLINE __m256 pn_bf16_half_vector(const uint16_t *p) {
    return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i *)p)), 16));
}
PN_INLINE pn_vf vf_load_bf16(const uint16_t *p) { return PN_VF(pn_bf16_half_vector(p), pn_bf16_half_vector(p + 8)); }
PN_INLINE pn_vf vf_add(pn_vf a, pn_vf b) { return PN_VF(_mm256_add_ps(a.lo, b.lo), _mm256_add_ps(a.hi, b.hi)); }
PN_INLINE pn_vf vf_sub(pn_vf a, pn_vf b) { return PN_VF(_mm256_sub_ps(a.lo, b.lo), _mm256_sub_ps(a.hi, b.hi)); }
PN_INLINE pn_vf vf_mul(pn_vf a, pn_vf b) { return PN_VF(_mm256_mul_ps(a.lo, b.lo), _mm256_mul_ps(a.hi, b.hi)); }
PN_INLINE pn_vf vf_div(pn_vf a, pn_vf b) { return PN_VF(_mm256_div_ps(a.lo, b.lo), _mm256_div_ps(a.hi, b.hi)); }
PN_INLINE pn_vf vf_fma(pn_vf a, pn_vf b, pn_vf c) {
    return PN_VF(_mm256_fmadd_ps(a.lo, b.lo, c.lo), _mm256_fmadd_ps(a.hi, b.hi, c.hi));
}
PN_INLINE pn_vf vf_max(pn_vf a, pn_vf b) { return PN_VF(_mm256_max_ps(a.lo, b.lo), _mm256_max_ps(a.hi, b.hi)); }
PN_INLINE pn_vf vf_min(pn_vf a, pn_vf b) { return PN_VF(_mm256_min_ps(a.lo, b.lo), _mm256_min_ps(a.hi, b.hi)); }
PN_INLINE pn_vf vf_abs(pn_vf a) {
    __m256 sign = _mm256_set1_ps(-0.0f);
    return PN_VF(_mm256_andnot_ps(sign, a.lo), _mm256_andnot_ps(sign, a.hi));
}
PN_INLINE pn_vf vf_round(pn_vf a) {
    return PN_VF(_mm256_round_ps(a.lo, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC),
        _mm256_round_ps(a.hi, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
}
PN_INLINE pn_vf vf_keep_if_at_least(pn_vf x, pn_vf test, pn_vf limit) {
    return PN_VF(_mm256_and_ps(x.lo, _mm256_cmp_ps(test.lo, limit.lo, _CMP_GE_OQ)),
        _mm256_and_ps(x.hi, _mm256_cmp_ps(test.hi, limit.hi, _CMP_GE_OQ)));
}
PN_INLINE __m256 pn_exp2_whole_half(__m256 n) {
    return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_add_epi32(_mm256_cvtps_epi32(n), _mm256_set1_epi32(127)), 23));
}
PN_INLINE pn_vf vf_exp2_whole(pn_vf n) { return PN_VF(pn_exp2_whole_half(n.lo), pn_exp2_whole_half(n.hi)); }
PN_INLINE pn_vf vf_zero_if_above(pn_vf x, pn_vf limit) {
    pn_vf size = vf_abs(x);
    return PN_VF(_mm256_and_ps(x.lo, _mm256_cmp_ps(size.lo, limit.lo, _CMP_NGT_UQ)),
        _mm256_and_ps(x.hi, _mm256_cmp_ps(size.hi, limit.hi, _CMP_NGT_UQ)));
}
PN_INLINE pn_vf vf_keep_first(pn_vf x, size_t n, pn_vf fill) {
    __m256i count = _mm256_set1_epi32((int)n), lanes = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    __m256i lo = _mm256_cmpgt_epi32(count, lanes);
    __m256i hi = _mm256_cmpgt_epi32(count, _mm256_add_epi32(lanes, _mm256_set1_epi32(8)));
    return PN_VF(_mm256_blendv_ps(fill.lo, x.lo, _mm256_castsi256_ps(lo)),
        _mm256_blendv_ps(fill.hi, x.hi, _mm256_castsi256_ps(hi)));
}
PN_INLINE int32_t vf_store_int8(int8_t *p, pn_vf x) {
    __m256i a = _mm256_cvtps_epi32(x.lo), b = _mm256_cvtps_epi32(x.hi);
    __m128i s0 = _mm_packs_epi32(_mm256_castsi256_si128(a), _mm256_extracti128_si256(a, 1));
    __m128i s1 = _mm_packs_epi32(_mm256_castsi256_si128(b), _mm256_extracti128_si256(b, 1));
    __m128i bytes = _mm_packs_epi16(s0, s1);
    _mm_storeu_si128((__m128i *)p, bytes);
    __m128i sums = _mm_sad_epu8(_mm_xor_si128(bytes, _mm_set1_epi8((char)0x80)), _mm_setzero_si128());
    return _mm_cvtsi128_si32(sums) + _mm_extract_epi32(sums, 2) - 16 * 128;
}
PN_INLINE pn_vf vf_load_u8(const uint8_t *p) {
    return PN_VF(_mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)p))),
        _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)(p + 8)))));
}
PN_INLINE pn_vf vf_load_i8(const uint8_t *p) {
    return PN_VF(_mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(_mm_loadl_epi64((const __m128i *)p))),
        _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(_mm_loadl_epi64((const __m128i *)(p + 8)))));
}
PN_INLINE __m256i pn_widen_half(const uint8_t *p) { return _mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)p)); }
PN_INLINE pn_vf vf_load_low_nibbles(const uint8_t *p) {
    __m256i mask = _mm256_set1_epi32(15);
    return PN_VF(_mm256_cvtepi32_ps(_mm256_and_si256(pn_widen_half(p), mask)),
        _mm256_cvtepi32_ps(_mm256_and_si256(pn_widen_half(p + 8), mask)));
}
PN_INLINE pn_vf vf_load_high_nibbles(const uint8_t *p) {
    return PN_VF(_mm256_cvtepi32_ps(_mm256_srli_epi32(pn_widen_half(p), 4)),
        _mm256_cvtepi32_ps(_mm256_srli_epi32(pn_widen_half(p + 8), 4)));
}
PN_INLINE pn_vf vf_from_vi(pn_vi x) { return PN_VF(_mm256_cvtepi32_ps(x.lo), _mm256_cvtepi32_ps(x.hi)); }
PN_INLINE pn_vi vi_set1(int32_t x) { return (pn_vi){_mm256_set1_epi32(x), _mm256_set1_epi32(x)}; }
#define VI_KEEP_ORDER(x) ((void)(x))
PN_INLINE pn_vi vi_load(const int32_t *p) {
    return (pn_vi){_mm256_loadu_si256((const __m256i *)p), _mm256_loadu_si256((const __m256i *)(p + 8))};
}
PN_INLINE void vi_store(int32_t *p, pn_vi x) {
    _mm256_storeu_si256((__m256i *)p, x.lo);
    _mm256_storeu_si256((__m256i *)(p + 8), x.hi);
}
PN_INLINE pn_vi vi_shift_left(pn_vi x, const int n) {
    return (pn_vi){_mm256_slli_epi32(x.lo, n), _mm256_slli_epi32(x.hi, n)};
}
PN_INLINE pn_vi vi_fold(pn_vi x) {
    __m256i sum = _mm256_add_epi32(x.lo, x.hi);
    return (pn_vi){sum, sum};
}
PN_INLINE pn_vi vi_add(pn_vi a, pn_vi b) {
    return (pn_vi){_mm256_add_epi32(a.lo, b.lo), _mm256_add_epi32(a.hi, b.hi)};
}
PN_INLINE pn_vf vf_of_bits(pn_vi x) { return PN_VF(_mm256_castsi256_ps(x.lo), _mm256_castsi256_ps(x.hi)); }
PN_INLINE pn_vi vi_zero(void) { return (pn_vi){_mm256_setzero_si256(), _mm256_setzero_si256()}; }
PN_INLINE pn_vb vb_zero(void) { return (pn_vb){_mm256_setzero_si256(), _mm256_setzero_si256()}; }
PN_INLINE pn_vb vb_load(const uint8_t *p) {
    return (pn_vb){_mm256_loadu_si256((const __m256i *)p), _mm256_loadu_si256((const __m256i *)(p + 32))};
}
PN_INLINE pn_vb vb_low(pn_vb x) {
    __m256i mask = _mm256_set1_epi8(0x0f);
    return (pn_vb){_mm256_and_si256(x.lo, mask), _mm256_and_si256(x.hi, mask)};
}
PN_INLINE pn_vb vb_high(pn_vb x) {
    __m256i mask = _mm256_set1_epi8(0x0f);
    return (pn_vb){_mm256_and_si256(_mm256_srli_epi16(x.lo, 4), mask),
        _mm256_and_si256(_mm256_srli_epi16(x.hi, 4), mask)};
}
PN_INLINE pn_vb vb_field(pn_vb x, const int at, const int count) {
    __m256i mask = _mm256_set1_epi8((char)((1 << count) - 1));
    return (pn_vb){_mm256_and_si256(_mm256_srli_epi16(x.lo, at), mask),
        _mm256_and_si256(_mm256_srli_epi16(x.hi, at), mask)};
}
PN_INLINE __m256i pn_or_field_half(__m256i low, __m256i x, const int at, const int to, const int count) {
    __m256i moved = at > to ? _mm256_srli_epi16(x, at > to ? at - to : 0) : _mm256_slli_epi16(x, at > to ? 0 : to - at);
    return _mm256_or_si256(low, _mm256_and_si256(moved, _mm256_set1_epi8((char)(((1 << count) - 1) << to))));
}
PN_INLINE pn_vb vb_or_field(pn_vb low, pn_vb x, const int at, const int to, const int count) {
    return (pn_vb){pn_or_field_half(low.lo, x.lo, at, to, count), pn_or_field_half(low.hi, x.hi, at, to, count)};
}
PN_INLINE __m256i pn_push_half(__m256i a, __m256i x, const int count) {
    __m256i low = _mm256_set1_epi8((char)((1 << (8 - count)) - 1));
    return _mm256_srli_epi16(_mm256_or_si256(a, _mm256_andnot_si256(low, x)), count);
}
PN_INLINE pn_vb vb_push(pn_vb a, pn_vb x, const int count) {
    return (pn_vb){pn_push_half(a.lo, x.lo, count), pn_push_half(a.hi, x.hi, count)};
}
#define VB_KEEP(x) ((void)(x))
PN_INLINE __m256i pn_low_nibbles_half(const uint8_t *p) {
    return _mm256_and_si256(pn_widen_half(p), _mm256_set1_epi32(15));
}
PN_INLINE pn_vb vb_multiples(const uint8_t *p) {
    const __m256i factors = _mm256_set1_epi32(0x03020100);
    return (pn_vb){_mm256_mullo_epi32(pn_low_nibbles_half(p), factors),
        _mm256_mullo_epi32(pn_low_nibbles_half(p + 8), factors)};
}
PN_INLINE pn_vb vb_places_of_multiples(void) {
    const __m256i places = _mm256_set_epi32(0x0c0c0c0c, 0x08080808, 0x04040404, 0, 0x0c0c0c0c, 0x08080808, 0x04040404, 0);
    return (pn_vb){places, places};
}
PN_INLINE pn_vi vi_times_low_nibbles(pn_vi x, const uint8_t *p) {
    return (pn_vi){_mm256_madd_epi16(x.lo, pn_low_nibbles_half(p)), _mm256_madd_epi16(x.hi, pn_low_nibbles_half(p + 8))};
}
PN_INLINE pn_vb vb_table(const uint8_t *p) {
    __m256i table = _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)p));
    return (pn_vb){table, table};
}
PN_INLINE pn_vb vb_lookup(pn_vb table, pn_vb x) {
    return (pn_vb){_mm256_shuffle_epi8(table.lo, x.lo), _mm256_shuffle_epi8(table.hi, x.hi)};
}
PN_INLINE pn_vi vi_lookup(pn_vb table, pn_vi x) {
    __m256i mask = _mm256_set1_epi32(0xff);
    return (pn_vi){_mm256_and_si256(_mm256_shuffle_epi8(table.lo, x.lo), mask),
        _mm256_and_si256(_mm256_shuffle_epi8(table.hi, x.hi), mask)};
}
PN_INLINE pn_vi vi_bits(pn_vb x, size_t shift, int count) {
    __m128i n = _mm_cvtsi32_si128((int)shift);
    __m256i mask = _mm256_set1_epi32((1 << count) - 1);
    return (pn_vi){_mm256_and_si256(_mm256_srl_epi32(x.lo, n), mask), _mm256_and_si256(_mm256_srl_epi32(x.hi, n), mask)};
}
PN_INLINE pn_vi vi_or_shifted(pn_vi a, pn_vi b, const int n) {
    return (pn_vi){_mm256_or_si256(a.lo, _mm256_slli_epi32(b.lo, n)), _mm256_or_si256(a.hi, _mm256_slli_epi32(b.hi, n))};
}
PN_INLINE __m256i pn_broadcast4(const int8_t *a) {
    int32_t x;
    __builtin_memcpy(&x, a, 4);
    return _mm256_set1_epi32(x);
}
/// 127 * 127 * 2 stays inside the int16 of the pairwise product.
PN_INLINE __m256i pn_dot_half(__m256i acc, __m256i w, __m256i a) {
    return _mm256_add_epi32(acc, _mm256_madd_epi16(_mm256_maddubs_epi16(w, a), _mm256_set1_epi16(1)));
}
PN_INLINE pn_vi vi_dot(pn_vi acc, pn_vb w, const int8_t *a) {
    __m256i x = pn_broadcast4(a);
    return (pn_vi){pn_dot_half(acc.lo, w.lo, x), pn_dot_half(acc.hi, w.hi, x)};
}
PN_INLINE pn_vb vb_prepare_q8(pn_vb w) {
    __m256i flip = _mm256_set1_epi8((char)0x80);
    return (pn_vb){_mm256_xor_si256(w.lo, flip), _mm256_xor_si256(w.hi, flip)};
}
/// |w| * (a with w's sign): unsigned times signed without leaving int16, as |w| * 127 * 2 <= 32512.
PN_INLINE pn_vi vi_dot_q8(pn_vi acc, pn_vb w, const int8_t *a) {
    __m256i x = pn_broadcast4(a);
    return (pn_vi){pn_dot_half(acc.lo, _mm256_abs_epi8(w.lo), _mm256_sign_epi8(x, w.lo)),
        pn_dot_half(acc.hi, _mm256_abs_epi8(w.hi), _mm256_sign_epi8(x, w.hi))};
}
PN_INLINE float vf_reduce_add(pn_vf x) {
    __m256 h = _mm256_add_ps(x.lo, x.hi);
    __m128 q = _mm_add_ps(_mm256_castps256_ps128(h), _mm256_extractf128_ps(h, 1));
    q = _mm_add_ps(q, _mm_movehl_ps(q, q));
    q = _mm_add_ss(q, _mm_movehdup_ps(q));
    return _mm_cvtss_f32(q);
}
PN_INLINE float vf_reduce_max(pn_vf x) {
    __m256 h = _mm256_max_ps(x.lo, x.hi);
    __m128 q = _mm_max_ps(_mm256_castps256_ps128(h), _mm256_extractf128_ps(h, 1));
    q = _mm_max_ps(q, _mm_movehl_ps(q, q));
    q = _mm_max_ss(q, _mm_movehdup_ps(q));
    return _mm_cvtss_f32(q);
}
