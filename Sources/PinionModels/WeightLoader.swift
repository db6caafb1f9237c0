import PinionModelFiles
import PinionTensor

/// Takes the tensors of a package for a model: each of known shape, and each noted.
///
/// A tensor that nothing has taken is an error in the end, because a model that ignores part of its weights is silently
/// wrong.
struct WeightLoader {
    let package: ModelPackage
    private let family: ModelFamily
    private let context: LoadContext
    private var taken: Set<FileWord> = []

    init(_ package: ModelPackage, _ family: ModelFamily, _ context: LoadContext) {
        self.package = package
        self.family = family
        self.context = context
    }

    func has(_ name: TensorName) throws(ModelError) -> Bool { try package.tensor(name) != nil }

    /// - Parameters:
    ///   - part: The rows that are wanted of a tensor that holds several matrices, and how many it holds in all.
    ///   - keepsFloats: Whether float weights stay as they are, whatever others are rounded to.
    mutating func matrix(
        _ name: TensorName, rows: Int, columns: Int, part: (rows: Range<Int>, of: Int)? = nil, isTable: Bool = false,
        keepsFloats: Bool = false
    ) throws(ModelError) -> PackedMatrix {
        let tensor = try take(name, shape: [columns, part?.of ?? rows])
        let quantised = keepsFloats ? nil : context.quantisation?.type(isTable: isTable)
        do {
            return try PackedMatrix(
                packing: MatrixSource(tensor, rows: part?.rows, quantised: quantised), team: context.team)
        } catch { throw ModelError(error) }
    }

    /// The matrices of all experts, from one three-dimensional tensor or from a tensor for each.
    ///
    /// - Parameter part: As of ``matrix(_:rows:columns:part:isTable:keepsFloats:)``, in each expert's matrix.
    mutating func matrices(
        _ name: TensorName, _ count: Int, rows: Int, columns: Int, part: (rows: Range<Int>, of: Int)? = nil
    ) throws(ModelError) -> [PackedMatrix] {
        let shape = [columns, part?.of ?? rows]
        var tensors: [StoredTensor] = []
        if try !has(name), try has(name.of(expert: 0)) {
            for expert in 0..<count { tensors.append(try take(name.of(expert: expert), shape: shape)) }
        } else {
            let stack = try take(name, shape: shape + [count])
            tensors = (0..<count).map(stack.matrix)
        }
        do {
            var sources: [MatrixSource] = []
            for tensor in tensors {
                sources.append(
                    try MatrixSource(
                        tensor, rows: part?.rows, quantised: context.quantisation?.type(isTable: false)))
            }
            return try PackedMatrix.packing(sources, team: context.team)
        } catch { throw ModelError(error) }
    }

    /// A vector, or a matrix of one row, as a matrix of one row, never rounded.
    mutating func rowMatrix(_ name: TensorName, columns: Int) throws(ModelError) -> PackedMatrix {
        let isVector = try package.tensor(name)?.shape.count == 1
        let tensor = try take(name, shape: isVector ? [columns] : [columns, 1])
        do {
            return try PackedMatrix(packing: MatrixSource(isVector ? tensor.asRow() : tensor), team: context.team)
        } catch { throw ModelError(error) }
    }

    mutating func vector(
        _ name: TensorName, count: Int, part: (elements: Range<Int>, of: Int)? = nil
    ) throws(ModelError) -> FloatVector {
        let tensor = try take(name, shape: [part?.of ?? count])
        do {
            return try FloatVector(tensor, part: part?.elements)
        } catch { throw ModelError(error) }
    }

    /// The biases of all experts, [experts, elements], or a part of each.
    mutating func expertVectors(
        _ name: TensorName, _ count: Int, elements: Int, part: (elements: Range<Int>, of: Int)? = nil
    ) throws(ModelError) -> FloatVector {
        let tensor = try take(name, shape: [part?.of ?? elements, count])
        do {
            return try FloatVector(rowsOf: tensor, part: part?.elements ?? 0..<elements)
        } catch { throw ModelError(error) }
    }

    /// Like ``vector(_:count:part:)``; nil when there is none.
    mutating func vectorIfAny(_ name: TensorName, count: Int) throws(ModelError) -> FloatVector? {
        try has(name) ? try vector(name, count: count) : nil
    }

    /// - Throws: ``ModelError`` naming the first tensor that was not taken.
    func finish() throws(ModelError) {
        if let left = package.firstUnused({ taken.contains(FileWord($0)) }) {
            throw ModelError(
                .invalidTensor,
                "\(package.path): tensor '\(left.name)' has no place in this build's '\(family.rawValue)' architecture")
        }
    }

    private mutating func take(_ name: TensorName, shape: [Int]) throws(ModelError) -> StoredTensor {
        guard let tensor = try package.tensor(name) else {
            throw ModelError(
                .invalidTensor, "\(package.path): tensor '\(package.spelling(name))' of shape \(shape) is missing")
        }
        guard tensor.shape == shape else {
            throw ModelError(
                .invalidTensor, "\(package.path): tensor '\(tensor.name)' has shape \(tensor.shape), expected \(shape)")
        }
        taken.insert(FileWord(tensor.name))
        if let exponents = tensor.exponents { taken.insert(FileWord(exponents.name)) }
        return tensor
    }
}
