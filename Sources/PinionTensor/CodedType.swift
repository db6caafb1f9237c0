/// Types of file that choose points of a codebook, or three values, and that no kernel reads as they are.
///
/// All of their weights are scale * sub-scale * value, with sub-scales for 16 columns that fit a byte and at most 16 values,
/// so that one packed format (``TensorType/coded``) holds each of them exactly. *Not* eight bits a weight, which would do
/// as well and take twice the memory; *not* Q8_0 or halves, which would round: a scale times a sub-scale has more bits than
/// a half.
package enum CodedType: UInt32, Sendable, CaseIterable {
    case iq2_XXS = 16
    case iq2_XS = 17
    case iq3_XXS = 18
    case iq1_S = 19
    case iq3_S = 21
    case iq2_S = 22
    case iq1_M = 29
    case tq1_0 = 34
    case tq2_0 = 35

    package static let blockElements = 256

    package var name: String {
        switch self {
        case .iq2_XXS: "IQ2_XXS"
        case .iq2_XS: "IQ2_XS"
        case .iq3_XXS: "IQ3_XXS"
        case .iq1_S: "IQ1_S"
        case .iq3_S: "IQ3_S"
        case .iq2_S: "IQ2_S"
        case .iq1_M: "IQ1_M"
        case .tq1_0: "TQ1_0"
        case .tq2_0: "TQ2_0"
        }
    }

    /// Bytes of one block of 256 in a file, in the order in which the file has them.
    package var blockBytes: Int {
        switch self {
        case .iq2_XXS: 2 + 64
        case .iq2_XS: 2 + 64 + 8
        case .iq3_XXS: 2 + 64 + 32
        case .iq1_S: 2 + 32 + 16
        case .iq3_S: 2 + 64 + 8 + 32 + 4
        case .iq2_S: 2 + 32 + 32 + 8 + 8
        case .iq1_M: 32 + 16 + 8
        case .tq1_0: 48 + 4 + 2
        case .tq2_0: 64 + 2
        }
    }

    /// What the 16 codes stand for, raised by 64; codes that no block has stand for 0.
    var values: SIMD16<UInt8> {
        let values: [Int]
        switch self {
        // One eighth of a scale away from -1, 0 and 1, in eighths: first upwards, then downwards.
        case .iq1_S, .iq1_M: values = [-7, 1, 9, 0, -9, -1, 7]
        case .iq2_XXS, .iq2_XS, .iq2_S: values = [8, 25, 43, 0, -8, -25, -43]
        case .iq3_XXS: values = [4, 12, 20, 28, 36, 44, 52, 62, -4, -12, -20, -28, -36, -44, -52, -62]
        case .iq3_S: values = [1, 3, 5, 7, 9, 11, 13, 15, -1, -3, -5, -7, -9, -11, -13, -15]
        case .tq1_0, .tq2_0: values = [-1, 0, 1, 2]
        }
        var raised = SIMD16<UInt8>(repeating: 64)
        for (code, value) in values.enumerated() { raised[code] = UInt8(64 + value) }
        return raised
    }
}
