import Foundation

/// Ends a compilation that takes longer than ``GrammarLimits/compileSeconds`` of processor time.
///
/// Sizes are bounded too; time alone bounds a grammar of thousands of expressions that are each just allowed.
struct CompilationTimer {
    private let start = now

    func check() throws(GrammarError) {
        if Self.now - start > GrammarLimits.compileSeconds {
            throw GrammarError(
                .limit, "the compilation takes more than \(Int(GrammarLimits.compileSeconds)) s of processor time")
        }
    }

    /// Processor time of the thread, in seconds: what others do on the machine does not count.
    private static var now: Double {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }
}
