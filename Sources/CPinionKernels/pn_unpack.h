// Quants, scales and minima of a packed unit, as the vectors of a matrix product.

/// Bits of a quant.
#define PN_BITS(F) (pn_traits[F].bits)
/// log2 of the zero point; 0 where the format has minima.
#define PN_ZERO_SHIFT(F) (pn_traits[F].zero_shift)
#define PN_SCALING(F) (pn_traits[F].scaling)
#define PN_IS_CODED(F) (pn_traits[F].codes != PN_LINEAR)
/// Whether weights of all 256 values reach the dot products, which not every instruction set takes as they are.
#define PN_IS_Q8(F) (PN_ZERO_SHIFT(F) == 7)
/// The zero point for the dot products, some of which take signed bytes.
#define PN_START_SHIFT(F) (PN_IS_Q8(F) && PN_SIGNED_BYTES ? 0 : PN_ZERO_SHIFT(F))
#define PN_HAS_MINIMUM(F) (PN_ZERO_SHIFT(F) == 0)
/// Whether the two halves of a block have scales of their own.
#define PN_IS_SPLIT(F) \
    (PN_SCALING(F) == PN_SPLIT_SCALES || PN_SCALING(F) == PN_SPLIT_NIBBLES || PN_SCALING(F) == PN_SPLIT_FLOATS)

/// Whether scales of halves are so small that integers are multiplied by them, so that a block has one sum, a whole number.
#define PN_HAS_WHOLE_SCALES(F) (PN_SCALING(F) == PN_SPLIT_NIBBLES)
/// Whether the sums of halves are multiplied by their scales as floats.
#define PN_SUMS_HALVES(F) (PN_IS_SPLIT(F) && !PN_HAS_WHOLE_SCALES(F))

enum {
    PN_REGISTER_BYTES = 64,
    /// Registers of one block's quants that are kept at a time, at most.
    PN_MOST_REGISTERS = 5,
};

/// Reads the registers of a block's quants that its half needs, of formats of less than 8 bits.
///
/// VB_KEEP holds them in registers: the compiler would read a register again for each step that has bits in it, while a
/// Zen 5 reads two a cycle and the activations alone keep it busy.
PN_INLINE void pn_load_registers(const uint8_t *block, const int half, pn_vb *registers, const pn_format F) {
    // With 2 and 6 bits each half has registers of its own.
    const int is_apart = PN_BITS(F) == 2 || PN_BITS(F) == 6, all = (int)pn_traits[F].layout.block_bytes / PN_REGISTER_BYTES;
    if (half == 1 && !is_apart) return;
    const int count = is_apart ? all / 2 : all;
    PN_UNROLL for (int i = 0; i < count; i++) {
        registers[i] = vb_load(block + (half * count + i) * PN_REGISTER_BYTES);
        VB_KEEP(registers[i]);
    }
}

/// The quants of step 4 * half + r, as they are stored.
PN_INLINE pn_vb pn_stored_quants(const uint8_t *block, const pn_vb *registers, const int half, const int r,
    const pn_format F) {
    const int step = 4 * half + r;
    const pn_vb *R = registers;
    switch (PN_BITS(F)) {
    case 2: return vb_field(R[0], 2 * r, 2);
    case 3:
        if (step < 6) return vb_field(R[step / 2], step % 2 * 3, 3);
        return vb_or_field(vb_field(R[step - 6], 6, 2), R[2], step, 2, 1);
    case 4: return half == 0 ? vb_low(R[r]) : vb_high(R[r]);
    case 5:
        if (step < 5) return vb_field(R[step], 0, 5);
        if (step < 7) return vb_or_field(vb_field(R[2 * step - 10], 5, 3), R[2 * step - 9], 5, 3, 2);
        return vb_or_field(vb_or_field(vb_field(R[4], 5, 3), R[1], 7, 3, 1), R[3], 7, 4, 1);
    case 6:
        if (r < 3) return vb_field(R[r], 0, 6);
        return vb_push(vb_push(vb_push(vb_zero(), R[0], 2), R[1], 2), R[2], 2);
    default: return vb_load(block + step * PN_REGISTER_BYTES);
    }
}

/// What the codes of a unit stand for, raised by the zero point.
PN_INLINE pn_vb pn_values(const uint8_t *scales, const pn_format F) {
    return vb_table(pn_traits[F].codes == PN_OWN ? scales + 4 * PN_LANES : pn_traits[F].values);
}

/// The quants of step 4 * half + r, or what they stand for, as the dot products take them.
///
/// - values: of coded formats the table, which is prepared already, once for all of its block
PN_INLINE pn_vb pn_quants(const uint8_t *block, const pn_vb *registers, const pn_vb values, const int half, const int r,
    const pn_format F) {
    pn_vb quants = pn_stored_quants(block, registers, half, r, F);
    if (!PN_IS_CODED(F)) return PN_IS_Q8(F) ? vb_prepare_q8(quants) : quants;
    return vb_lookup(values, quants);
}

/// The scale (low) and minimum (high) of 16 rows, for one half of block `j` of a unit of Q2_K.
PN_INLINE const uint8_t *pn_nibbles(const uint8_t *scales, const size_t j, const int half) {
    return scales + (4 + 2 * j + half) * PN_LANES;
}

/// Quants of 2 bits times the scales of their half, whose multiples `multiples` holds.
PN_INLINE pn_vb pn_multiplied_quants(const pn_vb *registers, const pn_vb multiples, const int r) {
    return vb_lookup(multiples, vb_or_field(vb_places_of_multiples(), registers[0], 2 * r, 0, 2));
}

/// The scales of the 16 rows, for one half of block `j` of a unit.
PN_INLINE pn_vf pn_scale(const uint8_t *scales, const size_t j, const int half, const pn_format F) {
    const uint16_t *halves = (const uint16_t *)scales;
    // Bytes follow one or two rows of halves.
    const uint8_t *after_one = scales + 2 * PN_LANES, *after_two = scales + 4 * PN_LANES;
    switch (PN_SCALING(F)) {
    case PN_BRAIN_SCALES: return vf_load_bf16(halves + j * PN_LANES);
    case PN_SUB_SCALES: return vf_mul(vf_load_half(halves), vf_load_u8(after_two + j * PN_LANES));
    case PN_SIGNED_SCALES: return vf_mul(vf_load_half(halves), vf_load_i8(after_one + j * PN_LANES));
    case PN_SPLIT_SCALES: return vf_mul(vf_load_half(halves), vf_load_i8(after_one + (2 * j + half) * PN_LANES));
    case PN_SPLIT_FLOATS:
        return vf_mul(vf_load((const float *)scales), vf_load_i8(scales + 8 * PN_LANES + (2 * j + half) * PN_LANES));
    case PN_SPLIT_NIBBLES:
        return vf_mul(vf_load_half(halves), vf_load_low_nibbles(after_two + (2 * j + half) * PN_LANES));
    default: return vf_load_half(halves + j * PN_LANES);
    }
}

/// What is added per column, for the 16 rows and one half of block `j` of a unit.
PN_INLINE pn_vf pn_minimum(const uint8_t *scales, const size_t j, const int half, const size_t blocks, const pn_format F) {
    const uint16_t *halves = (const uint16_t *)scales;
    if (PN_SCALING(F) == PN_HALF_SCALES) return vf_load_half(halves + (blocks + j) * PN_LANES);
    const uint8_t *bytes = scales + 4 * PN_LANES;
    pn_vf sub_minimum = PN_IS_SPLIT(F) ? vf_load_high_nibbles(bytes + (2 * j + half) * PN_LANES)
                                       : vf_load_u8(bytes + (blocks + j) * PN_LANES);
    return vf_sub(vf_zero(), vf_mul(vf_load_half(halves + PN_LANES), sub_minimum));
}

/// One column's quants of the 16 rows, from byte `lane` of the registers of a step.
PN_INLINE pn_vi pn_column_quants(const uint8_t *block, const size_t step, const size_t lane, const pn_format F) {
    const size_t half = step / 4, r = step % 4, byte = 8 * lane;
// `count` bits of register `i` from bit `at` on.
#define PN_FIELD(i, at, count) vi_bits(vb_load(block + (i) * PN_REGISTER_BYTES), byte + (at), count)
    switch (PN_BITS(F)) {
    case 2: return PN_FIELD(half, 2 * r, 2);
    case 3:
        if (step < 6) return PN_FIELD(step / 2, step % 2 * 3, 3);
        return vi_or_shifted(PN_FIELD(step - 6, 6, 2), PN_FIELD(2, step, 1), 2);
    case 4: return PN_FIELD(r, 4 * half, 4);
    case 5:
        if (step < 5) return PN_FIELD(step, 0, 5);
        if (step < 7) return vi_or_shifted(PN_FIELD(2 * step - 10, 5, 3), PN_FIELD(2 * step - 9, 5, 2), 3);
        return vi_or_shifted(vi_or_shifted(PN_FIELD(4, 5, 3), PN_FIELD(1, 7, 1), 3), PN_FIELD(3, 7, 1), 4);
    case 6:
        if (r < 3) return PN_FIELD(3 * half + r, 0, 6);
        return vi_or_shifted(vi_or_shifted(PN_FIELD(3 * half, 6, 2), PN_FIELD(3 * half + 1, 6, 2), 2),
            PN_FIELD(3 * half + 2, 6, 2), 4);
    default: return PN_FIELD(step, 0, 8);
    }
#undef PN_FIELD
}

/// One column's weights of the 16 rows as floats.
PN_INLINE pn_vf pn_column(const uint8_t *group, const size_t column, const pn_format F) {
    const pn_layout layout = pn_traits[F].layout;
    const uint8_t *unit = group + column / layout.columns * layout.bytes;
    const size_t within = column % layout.columns, j = within / PN_BLOCK_COLUMNS, c = within % PN_BLOCK_COLUMNS;
    const int half = c >= 16;
    pn_vi quant = pn_column_quants(unit + j * layout.block_bytes, c / 4, c % 4, F);
    const uint8_t *scales = unit + layout.scales;
    if (PN_IS_CODED(F)) quant = vi_lookup(pn_values(scales, F), quant);
    const size_t blocks = layout.columns / PN_BLOCK_COLUMNS;
    pn_vf value = vf_from_vi(quant);
    if (PN_HAS_MINIMUM(F)) return vf_fma(value, pn_scale(scales, j, half, F), pn_minimum(scales, j, half, blocks, F));
    return vf_mul(vf_sub(value, vf_set1((float)(1 << PN_ZERO_SHIFT(F)))), pn_scale(scales, j, half, F));
}
