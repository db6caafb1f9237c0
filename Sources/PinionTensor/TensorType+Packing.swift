import CPinionKernels

extension TensorType {
    var format: pn_format {
        switch self {
        case .f32: PN_F32
        case .f16: PN_F16
        case .bf16: PN_BF16
        case .q4_0: PN_Q4_0
        case .q4_1: PN_Q4_1
        case .q5_0: PN_Q5_0
        case .q5_1: PN_Q5_1
        case .q8_0: PN_Q8_0
        case .q4_K: PN_Q4_K
        case .q5_K: PN_Q5_K
        case .q6_K: PN_Q6_K
        }
    }

    /// Bits of one quant.
    var quantBits: Int {
        switch self {
        case .q4_0, .q4_1, .q4_K: 4
        case .q5_0, .q5_1, .q5_K: 5
        case .q6_K: 6
        case .q8_0: 8
        case .f32, .f16, .bf16: 0
        }
    }
}
