// The vector vocabulary on AVX-512 F/BW/VL/VNNI: one register is 16 floats, 16 int32 or 64 bytes.
#include <immintrin.h>

typedef __m512 pn_vf;
typedef __m512i pn_vi;
typedef __m512i pn_vb;

/// Tokens of one register tile: 8 integer and 8 float sums leave room for the weights as they stream through.
#define PN_TILE 8
#define PN_IS_ONE_TILE 0
#define PN_TILE_BODY PN_INLINE
/// Queries of an attention tile; 12 by 2 blocks of keys are 24 sums.
#define PN_QUERY_TILE 12
#define PN_KEY_BLOCKS 4
#define PN_KEY_BLOCKS_FOR(Q) ((Q) > 6 ? 2 : 4)
/// Weights of 8 bits stay unsigned.
#define PN_SIGNED_BYTES 0

/// Keeps x in its register.
#define VB_KEEP(x) __asm__ volatile("" : "+v"(x))

PN_INLINE pn_vf vf_zero(void) { return _mm512_setzero_ps(); }
PN_INLINE pn_vf vf_set1(float x) { return _mm512_set1_ps(x); }
PN_INLINE pn_vf vf_load(const float *p) { return _mm512_loadu_ps(p); }
PN_INLINE void vf_store(float *p, pn_vf x) { _mm512_storeu_ps(p, x); }
PN_INLINE pn_vf vf_load_first(const float *p, size_t n) { return _mm512_maskz_loadu_ps((__mmask16)((1u << n) - 1), p); }
PN_INLINE void vf_store_first(float *p, size_t n, pn_vf x) { _mm512_mask_storeu_ps(p, (__mmask16)((1u << n) - 1), x); }
/// The 8 numbers at p in the first half of the lanes and again in the second
PN_INLINE pn_vf vf_load_eight_twice(const float *p) { return _mm512_broadcast_f32x8(_mm256_loadu_ps(p)); }
PN_INLINE pn_vf vf_load_half(const uint16_t *p) { return _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)p)); }
PN_INLINE void vf_store_half(uint16_t *p, pn_vf x) {
    _mm256_storeu_si256((__m256i *)p, _mm512_cvtps_ph(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
}
PN_INLINE pn_vf vf_load_bf16(const uint16_t *p) {
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i *)p)), 16));
}
PN_INLINE pn_vf vf_add(pn_vf a, pn_vf b) { return _mm512_add_ps(a, b); }
PN_INLINE pn_vf vf_sub(pn_vf a, pn_vf b) { return _mm512_sub_ps(a, b); }
PN_INLINE pn_vf vf_mul(pn_vf a, pn_vf b) { return _mm512_mul_ps(a, b); }
PN_INLINE pn_vf vf_div(pn_vf a, pn_vf b) { return _mm512_div_ps(a, b); }
PN_INLINE pn_vf vf_fma(pn_vf a, pn_vf b, pn_vf c) { return _mm512_fmadd_ps(a, b, c); }
PN_INLINE pn_vf vf_max(pn_vf a, pn_vf b) { return _mm512_max_ps(a, b); }
PN_INLINE pn_vf vf_min(pn_vf a, pn_vf b) { return _mm512_min_ps(a, b); }
PN_INLINE pn_vf vf_abs(pn_vf a) { return _mm512_abs_ps(a); }
PN_INLINE pn_vf vf_round(pn_vf a) {
    return _mm512_roundscale_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}
/// x where test >= limit, 0 elsewhere
PN_INLINE pn_vf vf_keep_if_at_least(pn_vf x, pn_vf test, pn_vf limit) {
    return _mm512_maskz_mov_ps(_mm512_cmp_ps_mask(test, limit, _CMP_GE_OQ), x);
}
/// 2^n for whole n in [-126, 127]
PN_INLINE pn_vf vf_exp2_whole(pn_vf n) {
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_add_epi32(_mm512_cvtps_epi32(n), _mm512_set1_epi32(127)), 23));
}
/// 0 where |x| > limit
PN_INLINE pn_vf vf_zero_if_above(pn_vf x, pn_vf limit) {
    return _mm512_maskz_mov_ps(_mm512_cmp_ps_mask(_mm512_abs_ps(x), limit, _CMP_NGT_UQ), x);
}
/// The first n lanes (0...16), `fill` in the others
PN_INLINE pn_vf vf_keep_first(pn_vf x, size_t n, pn_vf fill) {
    return _mm512_mask_mov_ps(fill, (__mmask16)((1u << n) - 1), x);
}
/// Rounds to the nearest byte and returns the sum of the 16.
PN_INLINE int32_t vf_store_int8(int8_t *p, pn_vf x) {
    __m128i bytes = _mm512_cvtsepi32_epi8(_mm512_cvtps_epi32(x));
    _mm_storeu_si128((__m128i *)p, bytes);
    __m128i sums = _mm_sad_epu8(_mm_xor_si128(bytes, _mm_set1_epi8((char)0x80)), _mm_setzero_si128());
    return _mm_cvtsi128_si32(sums) + _mm_extract_epi32(sums, 2) - 16 * 128;
}
PN_INLINE pn_vf vf_load_u8(const uint8_t *p) {
    return _mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i *)p)));
}
PN_INLINE pn_vf vf_load_i8(const uint8_t *p) {
    return _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(_mm_loadu_si128((const __m128i *)p)));
}
/// The low, or the high, four bits of 16 bytes
PN_INLINE pn_vf vf_load_low_nibbles(const uint8_t *p) {
    __m512i x = _mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i *)p));
    return _mm512_cvtepi32_ps(_mm512_and_si512(x, _mm512_set1_epi32(15)));
}
PN_INLINE pn_vf vf_load_high_nibbles(const uint8_t *p) {
    return _mm512_cvtepi32_ps(_mm512_srli_epi32(_mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i *)p)), 4));
}
PN_INLINE pn_vf vf_from_vi(pn_vi x) { return _mm512_cvtepi32_ps(x); }
PN_INLINE pn_vi vi_set1(int32_t x) { return _mm512_set1_epi32(x); }
PN_INLINE pn_vi vi_load(const int32_t *p) { return _mm512_loadu_si512(p); }
PN_INLINE void vi_store(int32_t *p, pn_vi x) { _mm512_storeu_si512(p, x); }
PN_INLINE pn_vi vi_shift_left(pn_vi x, const int n) { return _mm512_slli_epi32(x, n); }
/// Adds each half of the lanes to the other.
PN_INLINE pn_vi vi_fold(pn_vi x) { return _mm512_add_epi32(x, _mm512_shuffle_i64x2(x, x, 0x4e)); }
PN_INLINE pn_vi vi_add(pn_vi a, pn_vi b) { return _mm512_add_epi32(a, b); }
/// The floats whose bits the lanes are
PN_INLINE pn_vf vf_of_bits(pn_vi x) { return _mm512_castsi512_ps(x); }
PN_INLINE pn_vi vi_zero(void) { return _mm512_setzero_si512(); }
PN_INLINE pn_vb vb_zero(void) { return _mm512_setzero_si512(); }
PN_INLINE pn_vb vb_load(const uint8_t *p) { return _mm512_loadu_si512(p); }
PN_INLINE pn_vb vb_low(pn_vb x) { return _mm512_and_si512(x, _mm512_set1_epi8(0x0f)); }
PN_INLINE pn_vb vb_high(pn_vb x) { return _mm512_and_si512(_mm512_srli_epi16(x, 4), _mm512_set1_epi8(0x0f)); }
/// `count` bits from bit `at` of each byte on
PN_INLINE pn_vb vb_field(pn_vb x, const int at, const int count) {
    return _mm512_and_si512(_mm512_srli_epi16(x, at), _mm512_set1_epi8((char)((1 << count) - 1)));
}
/// low | (`count` bits from bit `at` of each byte of x on) << to
PN_INLINE pn_vb vb_or_field(pn_vb low, pn_vb x, const int at, const int to, const int count) {
    const __m512i bits = _mm512_set1_epi8((char)(((1 << count) - 1) << to));
    __m512i moved = at > to ? _mm512_srli_epi16(x, at > to ? at - to : 0) : _mm512_slli_epi16(x, at > to ? 0 : to - at);
    return _mm512_or_si512(low, _mm512_and_si512(moved, bits));
}
/// (a | the upper `count` bits of each byte of x) >> count, where the lower `count` bits of a are 0
PN_INLINE pn_vb vb_push(pn_vb a, pn_vb x, const int count) {
    const __m512i low = _mm512_set1_epi8((char)((1 << (8 - count)) - 1));
    __m512i both = _mm512_or_si512(a, _mm512_andnot_si512(low, x));
    // Or else the compiler shifts first, and needs a mask of its own for each step.
    VB_KEEP(both);
    return _mm512_srli_epi16(both, count);
}
/// Of each row's byte the low four bits times 0, 1, 2 and 3: four rows in each 16 bytes to look up in
PN_INLINE pn_vb vb_multiples(const uint8_t *p) {
    __m512i x = _mm512_and_si512(_mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i *)p)), _mm512_set1_epi32(15));
    return _mm512_mullo_epi32(x, _mm512_set1_epi32(0x03020100));
}
/// Where the four multiples of each row are
PN_INLINE pn_vb vb_places_of_multiples(void) {
    return _mm512_set4_epi32(0x0c0c0c0c, 0x08080808, 0x04040404, 0);
}
/// The low 16 bits of each lane of x times the low four bits of 16 bytes
PN_INLINE pn_vi vi_times_low_nibbles(pn_vi x, const uint8_t *p) {
    __m512i y = _mm512_and_si512(_mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i *)p)), _mm512_set1_epi32(15));
    return _mm512_madd_epi16(x, y);
}
/// 16 bytes to look up in
PN_INLINE pn_vb vb_table(const uint8_t *p) { return _mm512_broadcast_i32x4(_mm_loadu_si128((const __m128i *)p)); }
/// For each byte of x, which is in 0...15, the byte at that place of the table's 16 bytes in the same quarter of the
/// register
PN_INLINE pn_vb vb_lookup(pn_vb table, pn_vb x) { return _mm512_shuffle_epi8(table, x); }
/// The same for each 32-bit lane
PN_INLINE pn_vi vi_lookup(pn_vb table, pn_vi x) {
    return _mm512_and_si512(_mm512_shuffle_epi8(table, x), _mm512_set1_epi32(0xff));
}
/// `count` bits from bit `shift` of each 32-bit lane on
PN_INLINE pn_vi vi_bits(pn_vb x, size_t shift, int count) {
    return _mm512_and_si512(_mm512_srl_epi32(x, _mm_cvtsi32_si128((int)shift)), _mm512_set1_epi32((1 << count) - 1));
}
PN_INLINE pn_vi vi_or_shifted(pn_vi a, pn_vi b, const int n) { return _mm512_or_si512(a, _mm512_slli_epi32(b, n)); }
/// Keeps what makes x before what follows.
#define VI_KEEP_ORDER(x) __asm__ volatile("" : "+v"(x))
PN_INLINE int32_t pn_load_i32(const int8_t *p) {
    int32_t x;
    __builtin_memcpy(&x, p, 4);
    return x;
}
/// acc[row] += sum of 4 of w[row][j] * a[j], w in 0...127
PN_INLINE pn_vi vi_dot(pn_vi acc, pn_vb w, const int8_t *a) {
    return _mm512_dpbusd_epi32(acc, w, _mm512_set1_epi32(pn_load_i32(a)));
}
/// The same for 8 bits, prepared by the former.
PN_INLINE pn_vb vb_prepare_q8(pn_vb w) { return w; }
PN_INLINE pn_vi vi_dot_q8(pn_vi acc, pn_vb w, const int8_t *a) { return vi_dot(acc, w, a); }

/// Both reductions fold the upper half onto the lower until one lane is left: the order every variant follows.
PN_INLINE float vf_reduce_add(pn_vf x) {
    __m256 h = _mm256_add_ps(_mm512_castps512_ps256(x),
        _mm256_castpd_ps(_mm512_extractf64x4_pd(_mm512_castps_pd(x), 1)));
    __m128 q = _mm_add_ps(_mm256_castps256_ps128(h), _mm256_extractf128_ps(h, 1));
    q = _mm_add_ps(q, _mm_movehl_ps(q, q));
    q = _mm_add_ss(q, _mm_movehdup_ps(q));
    return _mm_cvtss_f32(q);
}
PN_INLINE float vf_reduce_max(pn_vf x) {
    // Not _mm512_reduce_max_ps, whose order, which NaN shows, is the compiler's.
    __m256 h = _mm256_max_ps(_mm512_castps512_ps256(x),
        _mm256_castpd_ps(_mm512_extractf64x4_pd(_mm512_castps_pd(x), 1)));
    __m128 q = _mm_max_ps(_mm256_castps256_ps128(h), _mm256_extractf128_ps(h, 1));
    q = _mm_max_ps(q, _mm_movehl_ps(q, q));
    q = _mm_max_ss(q, _mm_movehdup_ps(q));
    return _mm_cvtss_f32(q);
}
