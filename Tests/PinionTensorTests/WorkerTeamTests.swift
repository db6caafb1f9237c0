import Dispatch
import Foundation
import PinionTensor
import Synchronization
import Testing

@Suite("The worker team", .serialized)
struct WorkerTeamTests {
    /// Far longer than a worker spins before it parks.
    static let parkingPause = 0.03

    /// How often each index was visited, with a margin on either side that must stay 0.
    private static func visits(_ team: WorkerTeam, _ count: Int, grain: Int) -> [UInt8] {
        // Pieces do not overlap unless the team is wrong, and then the count is.
        let counts = UnsafeMutablePointer<UInt8>.allocate(capacity: count + 2)
        counts.initialize(repeating: 0, count: count + 2)
        defer { counts.deallocate() }
        team.forEach(count, grain: grain) { range in
            for index in range { counts[index + 1] &+= 1 }
        }
        return Array(UnsafeBufferPointer(start: counts, count: count + 2))
    }

    @Test("Each index is visited exactly once, whatever the count, the grain and the workers", arguments: 1...4)
    func coverage(_ workers: Int) {
        let team = WorkerTeam(workers: workers)
        for count in [0, 1, 2, 3, 7, 16, 100, 1001] {
            for grain in [-1, 0, 1, 2, 3, 16, 1000, 5000] {
                let expected = [0] + [UInt8](repeating: 1, count: count) + [0]
                #expect(Self.visits(team, count, grain: grain) == expected, "\(count) by \(grain)")
            }
        }
    }

    @Test("Thousands of rounds in a row lose nothing", arguments: 2...3)
    func rounds(_ workers: Int) {
        let team = WorkerTeam(workers: workers)
        let total = Atomic<Int>(0)
        for round in 0..<5000 {
            team.forEach(round % 17, grain: 1) { total.add($0.count, ordering: .relaxed) }
        }
        #expect(total.load(ordering: .relaxed) == (0..<5000).reduce(0) { $0 + $1 % 17 })
    }

    @Test("A slow piece is waited for, and the workers left over do the rest meanwhile")
    func unevenPieces() {
        let team = WorkerTeam(workers: 3)
        let total = Atomic<Int>(0)
        for _ in 0..<10 {
            team.forEach(40, grain: 1) { range in
                if range.lowerBound % 20 == 0 { Thread.sleep(forTimeInterval: 0.002) }
                total.add(range.count, ordering: .relaxed)
            }
        }
        #expect(total.load(ordering: .relaxed) == 400)
    }

    @Test("What a worker writes is seen by the caller, and what the caller writes by the workers")
    func memory() {
        let team = WorkerTeam(workers: 3)
        let cells = UnsafeMutablePointer<Int>.allocate(capacity: 64)
        cells.initialize(repeating: 0, count: 64)
        defer { cells.deallocate() }
        for round in 1...2000 {
            team.forEach(64, grain: 5) { range in for index in range { cells[index] += 1 } }
            let right = (0..<64).allSatisfy { cells[$0] == 2 * round - 1 }
            #expect(right)
            guard right else { return }
            for index in 0..<64 { cells[index] += 1 }
        }
    }

    @Test("A team that has parked wakes for the next round, many times")
    func parking() {
        let team = WorkerTeam(workers: 3)
        for _ in 0..<8 {
            Thread.sleep(forTimeInterval: Self.parkingPause)
            for count in [5, 64] {
                #expect(Self.visits(team, count, grain: 1) == [0] + [UInt8](repeating: 1, count: count) + [0])
            }
        }
    }

    @Test("Teams come and go, parked or spinning")
    func lifetimes() {
        for round in 0..<100 {
            let team = WorkerTeam(workers: 2, of: WorkerThreads())
            if round % 2 == 0 { #expect(Self.visits(team, 9, grain: 1) == [0] + [UInt8](repeating: 1, count: 9) + [0]) }
            if round % 25 == 0 { Thread.sleep(forTimeInterval: Self.parkingPause) }
        }
    }

    @Test("Teams of several threads share the process's workers, and each job is done by as many as its team has")
    func sharedThreads() {
        let threads = WorkerThreads()
        let sizes = [2, 1, 4, 3]
        let wrong = Atomic<Int>(0)
        DispatchQueue.concurrentPerform(iterations: sizes.count) { index in
            let team = WorkerTeam(workers: sizes[index], of: threads)
            for round in 0..<300 {
                let expected = [0] + [UInt8](repeating: 1, count: 50) + [0]
                let found =
                    round % 2 == 0
                    ? Self.visits(team, 50, grain: 3) : team.lease { Self.visits(team, 50, grain: 3) }
                if found != expected { wrong.add(1, ordering: .relaxed) }
            }
        }
        #expect(wrong.load(ordering: .relaxed) == 0)
    }

    @Test("Only one team computes at a time, and a lease within a lease is the same")
    func exclusion() {
        let threads = WorkerThreads()
        let inside = Atomic<Int>(0)
        let most = Atomic<Int>(0)
        DispatchQueue.concurrentPerform(iterations: 4) { _ in
            let team = WorkerTeam(workers: 2, of: threads)
            for _ in 0..<200 {
                team.lease {
                    most.max(inside.add(1, ordering: .relaxed).newValue, ordering: .relaxed)
                    team.lease { team.forEach(4, grain: 1) { _ in sched_yield() } }
                    inside.subtract(1, ordering: .relaxed)
                }
            }
        }
        #expect(most.load(ordering: .relaxed) == 1)
    }

    /// Steps that a team makes from when another asks for its turn until that is served.
    private static func stepsMeanwhile() -> Int {
        let threads = WorkerThreads()
        let hasAsked = Atomic<Bool>(false)
        let isServed = Atomic<Bool>(false)
        let stepsMeanwhile = Atomic<Int>(0)
        DispatchQueue.concurrentPerform(iterations: 2) { index in
            let team = WorkerTeam(workers: 1, of: threads)
            guard index == 0 else {
                Thread.sleep(forTimeInterval: 0.01)
                hasAsked.store(true, ordering: .relaxed)
                team.lease { isServed.store(true, ordering: .relaxed) }
                return
            }
            while !isServed.load(ordering: .relaxed), stepsMeanwhile.load(ordering: .relaxed) < 1000 {
                team.lease { Thread.sleep(forTimeInterval: 0.001) }
                if hasAsked.load(ordering: .relaxed) { stepsMeanwhile.add(1, ordering: .relaxed) }
            }
        }
        return stepsMeanwhile.load(ordering: .relaxed)
    }

    @Test("A team that asks is served after the step that is being made, though the other asks again at once")
    func fairness() {
        // One is under way, and the machine may pause the asking thread before it has drawn its number, but not each
        // time.
        var fewest = Int.max
        for _ in 0..<5 where fewest >= 20 { fewest = min(fewest, Self.stepsMeanwhile()) }
        #expect(fewest < 20)
    }
}
