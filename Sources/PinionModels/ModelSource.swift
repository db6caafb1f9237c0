import PinionTensor

/// Reads a model file for one architecture: typed metadata and tensors of known shape, each taken once.
///
/// A tensor that nothing has taken is an error in the end, because a model that ignores part of its weights is silently
/// wrong.
struct ModelSource {
    let file: GGUFFile
    let architecture: String
    private var taken: Set<GGUFName> = []

    var path: String { file.file.path }

    init(file: GGUFFile, architecture: String) {
        self.file = file
        self.architecture = architecture
    }

    func value(_ key: String) -> GGUFValue? { file["\(architecture).\(key)"] }

    /// An integer within `range`; `standard` when it is absent.
    func int(_ key: String, in range: ClosedRange<Int>, default standard: Int? = nil) throws(ModelError) -> Int {
        guard let value = value(key) else {
            guard let standard else { throw missing(key) }
            return standard
        }
        guard let number = value.int, range.contains(number) else {
            throw wrong(key, value, "an integer from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    /// A finite positive number; `standard` when it is absent.
    func positive(_ key: String, default standard: Double? = nil) throws(ModelError) -> Double {
        guard let value = value(key) else {
            guard let standard else { throw missing(key) }
            return standard
        }
        guard let number = value.double, number.isFinite, number > 0 else {
            throw wrong(key, value, "a positive number")
        }
        return number
    }

    func missing(_ key: String) -> ModelError {
        ModelError(.invalidConfiguration, "\(path): metadata '\(architecture).\(key)' is missing")
    }

    func wrong(_ key: String, _ value: GGUFValue, _ expected: String) -> ModelError {
        ModelError(
            .invalidConfiguration,
            "\(path): metadata '\(architecture).\(key)' is \(value.summary) (\(value.typeName)), expected \(expected)")
    }

    func has(_ name: String) -> Bool { file.tensor(named: name) != nil }

    mutating func matrix(
        _ name: String, rows: Int, columns: Int, team: WorkerTeam
    ) throws(ModelError) -> PackedMatrix {
        let tensor = try take(name, shape: [columns, rows])
        do {
            return try PackedMatrix(packing: tensor, of: file, team: team)
        } catch { throw ModelError(error) }
    }

    mutating func vector(_ name: String, count: Int) throws(ModelError) -> FloatVector {
        let tensor = try take(name, shape: [count])
        do {
            return try FloatVector(tensor, of: file)
        } catch { throw ModelError(error) }
    }

    /// - Throws: ``ModelError`` naming the first tensor that was not taken.
    func finish() throws(ModelError) {
        if let left = file.tensors.first(where: { !taken.contains(GGUFName($0.name)) }) {
            throw ModelError(
                .invalidTensor,
                "\(path): tensor '\(left.name)' has no place in this build's '\(architecture)' architecture")
        }
    }

    private mutating func take(_ name: String, shape: [Int]) throws(ModelError) -> GGUFFile.Tensor {
        guard let tensor = file.tensor(named: name) else {
            throw ModelError(.invalidTensor, "\(path): tensor '\(name)' of shape \(shape) is missing")
        }
        guard tensor.shape == shape else {
            throw ModelError(
                .invalidTensor, "\(path): tensor '\(name)' has shape \(tensor.shape), expected \(shape)")
        }
        taken.insert(GGUFName(name))
        return tensor
    }
}
