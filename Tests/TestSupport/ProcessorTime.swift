import Foundation

/// The processor time that a body takes, which other processes on the machine do not lengthen.
package func processorTime(_ body: () throws -> Void) rethrows -> Duration {
    let start = clock()
    try body()
    return .microseconds(Int64(clock() - start) * 1_000_000 / Int64(CLOCKS_PER_SEC))
}
