/// Runs one compiled pattern over UTF-8 text by bounded backtracking.
///
/// The stack of choices is explicit, so the depth of a match never becomes depth of calls, and it is kept between
/// matches. The text must be valid UTF-8; over anything else the result is unspecified, but nothing outside of the
/// buffer is read. Not for use from two threads at once: give each its own matcher.
package struct PatternMatcher: Sendable {
    private struct Frame {
        enum Kind: UInt8 {
            /// Go on at `pc`.
            case resume
            /// Take the next branch of dispatch table `pc`; `extra` holds those left.
            case dispatch
            /// Give back one scalar of a run down to the position `extra`.
            case greedyRun
            /// Take one more scalar of the run at `pc`; `extra` counts those still allowed.
            case lazyRun
            /// Restore slot `pc` to `extra`.
            case slot
            /// The floor under a look-ahead's body; `extra` is 1 if it is negative, `pc` the way on.
            case lookahead
            /// The floor under an atomic group's body.
            case atomic
        }

        var kind: Kind
        var pc: Int32
        var position: Int
        var extra: Int
    }

    private let program: PatternProgram
    private let stepLimit: Int
    /// Whether ``stepLimit`` is for all calls together.
    private let sharesSteps: Bool
    private var stepsLeft: Int
    private var frames: [Frame] = []
    private var slots: [Int]

    /// Steps are instructions executed or choices resumed, counted anew for each call unless `sharesSteps`.
    package init(_ pattern: Pattern, stepLimit: Int = PatternLimits.matchSteps, sharesSteps: Bool = false) {
        program = pattern.program
        self.stepLimit = stepLimit
        self.sharesSteps = sharesSteps
        stepsLeft = stepLimit
        slots = [Int](repeating: -1, count: pattern.program.slotCount)
    }

    /// The end of the match that begins exactly at `start`, or nil.
    ///
    /// Throws `limitExceeded` past the step limit or with too many open choices.
    package mutating func match(
        in text: UnsafeBufferPointer<UInt8>, at start: Int
    ) throws(PatternError) -> Int? {
        if !sharesSteps { stepsLeft = stepLimit }
        return try run(text, from: start)
    }

    /// The leftmost match that begins at or after `start`, which must lie on a scalar's first byte.
    package mutating func firstMatch(
        in text: UnsafeBufferPointer<UInt8>, from start: Int
    ) throws(PatternError) -> Range<Int>? {
        if !sharesSteps { stepsLeft = stepLimit }
        var position = start
        while position <= text.count {
            if let firstBytes = program.firstBytes {
                while position < text.count, !firstBytes[Int(text[position])] { position += 1 }
                if position == text.count { return nil }
            }
            if let end = try run(text, from: position) { return position..<end }
            if let run = program.leadingRun, let end = program.scalarEnd(text, position, program.sets[Int(run)]) {
                // A match from within the run would end where one from its beginning was tried.
                position = end
                while let end = program.scalarEnd(text, position, program.sets[Int(run)]) { position = end }
                if position == text.count { return nil }
                continue
            }
            position += 1
            while position < text.count, text[position] & 0xC0 == 0x80 { position += 1 }
        }
        return nil
    }

    // MARK: - The machine

    private mutating func run(_ text: UnsafeBufferPointer<UInt8>, from start: Int) throws(PatternError) -> Int? {
        // Most matches leave nothing behind.
        if !frames.isEmpty { frames.removeAll(keepingCapacity: true) }
        guard start >= 0, start <= text.count else { return nil }
        var pc = 0
        var position = start
        while true {
            try spendStep()
            var failed = false
            switch program.instructions[pc] {
            case .byte(let byte):
                failed = position >= text.count || text[position] != byte
                position += 1
                pc += 1
            case .set(let number):
                if let end = program.scalarEnd(text, position, program.sets[Int(number)]) {
                    position = end
                    pc += 1
                } else {
                    failed = true
                }
            case .run(let number, let minimum, let maximum, let mode):
                failed = !startRun(text, &position, pc, program.sets[Int(number)], minimum, maximum, mode)
                pc += 1
            case .split(let first, let second):
                frames.append(Frame(kind: .resume, pc: second, position: position, extra: 0))
                pc = Int(first)
            case .dispatch(let table):
                let mask = program.dispatches[Int(table)].masks[position < text.count ? Int(text[position]) : 256]
                if mask == 0 { failed = true } else { pc = takeBranch(of: table, mask, position) }
            case .jump(let target): pc = Int(target)
            case .mark(let slot):
                frames.append(Frame(kind: .slot, pc: slot, position: position, extra: slots[Int(slot)]))
                slots[Int(slot)] = position
                pc += 1
            case .leaveIfEmpty(let slot, let target):
                pc = slots[Int(slot)] == position ? Int(target) : pc + 1
            case .lookahead(let isNegative, let target):
                frames.append(Frame(kind: .lookahead, pc: target, position: position, extra: isNegative ? 1 : 0))
                pc += 1
            case .atomic:
                frames.append(Frame(kind: .atomic, pc: 0, position: position, extra: 0))
                pc += 1
            case .endOfGroup: failed = !endGroup(&pc, &position)
            case .assertion(let assertion):
                failed = !program.holds(assertion, text, position)
                pc += 1
            case .accept: return position
            }
            if failed, try !backtrack(text, &pc, &position) { return nil }
        }
    }

    @inline(__always)
    private mutating func spendStep() throws(PatternError) {
        stepsLeft &-= 1
        if stepsLeft < 0 { throw PatternError(.limitExceeded, "pattern took more than \(stepLimit) steps to match") }
        if frames.count > PatternLimits.backtrackFrames {
            throw PatternError(.limitExceeded, "pattern holds more than \(PatternLimits.backtrackFrames) open choices")
        }
    }

    private mutating func takeBranch(of table: Int32, _ mask: UInt64, _ position: Int) -> Int {
        let rest = mask & (mask &- 1)
        if rest != 0 {
            frames.append(
                Frame(kind: .dispatch, pc: table, position: position, extra: Int(truncatingIfNeeded: rest)))
        }
        return Int(program.dispatches[Int(table)].targets[mask.trailingZeroBitCount])
    }

    /// Leaves a group whose body matched: its open choices are dropped. False if that is a failure (negative look-ahead).
    private mutating func endGroup(_ pc: inout Int, _ position: inout Int) -> Bool {
        while let frame = frames.popLast() {
            switch frame.kind {
            case .atomic:
                pc += 1
                return true
            case .lookahead:
                position = frame.position
                pc = Int(frame.pc)
                return frame.extra == 0
            default: continue
            }
        }
        return false
    }

    /// Resumes the latest open choice; false when there is none.
    private mutating func backtrack(
        _ text: UnsafeBufferPointer<UInt8>, _ pc: inout Int, _ position: inout Int
    ) throws(PatternError) -> Bool {
        while let frame = frames.popLast() {
            try spendStep()
            switch frame.kind {
            case .resume:
                (pc, position) = (Int(frame.pc), frame.position)
                return true
            case .dispatch:
                pc = takeBranch(of: frame.pc, UInt64(bitPattern: Int64(frame.extra)), frame.position)
                position = frame.position
                return true
            case .greedyRun:
                let shorter = shorterRun(text, frame)
                if shorter > frame.extra {
                    frames.append(Frame(kind: .greedyRun, pc: frame.pc, position: shorter, extra: frame.extra))
                }
                (pc, position) = (Int(frame.pc), shorter)
                return true
            case .lazyRun:
                guard case .run(let number, _, _, _) = program.instructions[Int(frame.pc)],
                    let end = program.scalarEnd(text, frame.position, program.sets[Int(number)])
                else { continue }
                if frame.extra > 1 {
                    frames.append(Frame(kind: .lazyRun, pc: frame.pc, position: end, extra: frame.extra - 1))
                }
                (pc, position) = (Int(frame.pc) + 1, end)
                return true
            case .slot: slots[Int(frame.pc)] = frame.extra
            case .lookahead where frame.extra == 1:
                (pc, position) = (Int(frame.pc), frame.position)
                return true
            case .lookahead, .atomic: continue
            }
        }
        return false
    }
}

// MARK: - Runs

extension PatternMatcher {
    /// Matches a run as far as its mode asks and leaves a frame for the rest; false if the minimum is not reached.
    private mutating func startRun(
        _ text: UnsafeBufferPointer<UInt8>, _ position: inout Int, _ pc: Int, _ set: PatternProgram.FlatSet,
        _ minimum: Int32, _ maximum: Int32, _ mode: PatternRepetition.Mode
    ) -> Bool {
        let start = position
        defer { stepsLeft &-= (position - start) >> 3 }
        var total = 0
        while total < Int(minimum) {
            guard let end = program.scalarEnd(text, position, set) else { return false }
            position = end
            total &+= 1
        }
        let shortest = position
        let bound = maximum < 0 ? Int.max : Int(maximum)
        if mode == .lazy {
            if bound > Int(minimum) {
                frames.append(
                    Frame(kind: .lazyRun, pc: Int32(pc), position: position, extra: bound - Int(minimum)))
            }
            return true
        }
        while total < bound, let end = program.scalarEnd(text, position, set) {
            position = end
            total &+= 1
        }
        if mode == .greedy, position > shortest {
            frames.append(Frame(kind: .greedyRun, pc: Int32(pc + 1), position: position, extra: shortest))
        }
        return true
    }

    /// How far a greedy run is given back: to the first scalar, from the end, that what follows the run can begin with, or
    /// else to the run's shortest. The tight loop matters where a long run is given back whole, as `\s*\n` gives back spaces.
    private mutating func shorterRun(_ text: UnsafeBufferPointer<UInt8>, _ frame: Frame) -> Int {
        var shorter = frame.position
        defer { stepsLeft &-= (frame.position - shorter) >> 3 }
        let following = program.instructions[Int(frame.pc)]
        repeat {
            shorter &-= 1
            while shorter > frame.extra, text[shorter] & 0xC0 == 0x80 { shorter &-= 1 }
        } while shorter > frame.extra && !program.mayBegin(following, with: text[shorter])
        return shorter
    }
}
