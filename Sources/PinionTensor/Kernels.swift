package import CPinionKernels

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The kernel table of one instruction set.
///
/// - Note: `@unchecked Sendable` is sound because the table is constant data of the program.
package struct Kernels: @unchecked Sendable {
    /// Environment variable that forces a variant, for tests.
    package static let environmentKey = "PINION_ISA"
    /// Every name that some machine has kernels for.
    package static let knownNames = ["avx512", "avx2", "neon", "portable"]

    package let table: UnsafePointer<pn_kernels>

    /// Numbers of different revisions differ in bits.
    package static let arithmeticRevision = Int(PN_ARITHMETIC_REVISION)

    package var name: String { String(cString: table.pointee.name) }

    /// The variants that this machine runs, fastest first.
    package static var available: [Kernels] { knownNames.compactMap { Kernels(named: $0) } }

    /// - Returns: nil for an unknown name, or one this machine cannot run.
    package init?(named name: String) {
        guard let table = pn_kernels_named(name) else { return nil }
        self.table = table
    }

    private init(table: UnsafePointer<pn_kernels>) {
        self.table = table
    }

    /// The fastest for this machine, or what `PINION_ISA` names.
    ///
    /// - Throws: ``TensorError`` when the named variant does not exist here.
    package static func forThisMachine() throws(TensorError) -> Kernels {
        guard let value = getenv(environmentKey) else { return Kernels(table: pn_kernels_best()) }
        let name = String(cString: value)
        guard let kernels = Kernels(named: name) else {
            let choice = available.map(\.name).joined(separator: ", ")
            throw TensorError(.unsupported, "\(environmentKey) is '\(name)', expected one of \(choice) on this machine")
        }
        return kernels
    }
}
