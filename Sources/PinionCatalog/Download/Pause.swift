/// The wait before something that failed is tried again.
enum Pause {
    /// Doublings of the first pause.
    private static let maximumDoublings = 5

    /// - Parameters:
    ///   - failures: In a row, the last one included.
    ///   - wait: What the server asked for.
    /// - Throws: `cancelled`.
    static func after(_ failures: Int, atLeast wait: Duration?, source: String) async throws(TransferFault) {
        let doubled = FileDownload.firstPause * (1 << min(max(failures - 1, 0), maximumDoublings))
        do {
            try await Task.sleep(for: max(doubled, wait ?? .zero))
        } catch {
            throw .final(CatalogError(.cancelled, "interrupted while fetching \(source)"))
        }
    }
}
