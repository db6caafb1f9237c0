/// What follows after a rule or lexeme ends: a state of the grammar, and what follows after that state's rule.
struct StackFrame: Hashable {
    /// The state in which the calling rule goes on.
    var state: Int32
    var role: Role
    /// Names of the container's members so far; see ``MemberNames``. 0 for none, and for what is no container.
    var names: Int32
    /// Index of the ``StackSets/Entry`` beneath.
    var below: Int32

    enum Role: UInt8, Hashable {
        case call
        /// The call of a container's body, which stands one level deeper.
        case container
        /// The end of a member's name, which joins the names of the container beneath.
        case memberName
    }
}

/// Sets of stacks, equal ones kept once.
///
/// A grammar may allow several readings of what was written, each with a stack of its own. Stacks that end in the same
/// frames share them, and frames with one state and one role are one frame over the union of what is beneath, so that an
/// ambiguous grammar does not make more and more of them.
struct StackSets {
    struct Entry: Hashable {
        /// Sorted.
        var frames: [StackFrame]
        /// Whether the grammar ends where this stack is used up.
        var isEnd: Bool
    }

    /// Nothing follows.
    static let end: Int32 = 0

    private(set) var entries: [Entry] = [Entry(frames: [], isEnd: true)]
    /// `[entries]`: containers that are open; the same in all stacks of a set.
    private(set) var depths: [Int32] = [0]
    private var ids: [Entry: Int32] = [Entry(frames: [], isEnd: true): 0]
    private var unions: [UInt64: Int32] = [:]
    /// The same stacks without names, which masks do not depend on; equal to the id where there are none. `[entries]`
    private(set) var shapes: [Int32] = [0]

    var count: Int { entries.count }

    func hasNames(_ id: Int32) -> Bool { shapes[Int(id)] != id }

    /// The stacks beneath a frame, with that frame on top.
    mutating func push(_ state: Int32, _ role: StackFrame.Role, names: Int32 = 0, on below: Int32) -> Int32 {
        id(of: Entry(frames: [StackFrame(state: state, role: role, names: names, below: below)], isEnd: false))
    }

    /// The stacks of either set, which have the same depth.
    mutating func union(_ left: Int32, _ right: Int32) -> Int32 {
        if left == right { return left }
        let key = UInt64(UInt32(bitPattern: min(left, right))) << 32 | UInt64(UInt32(bitPattern: max(left, right)))
        if let known = unions[key] { return known }
        let (first, second) = (entries[Int(left)], entries[Int(right)])
        var frames = first.frames
        for frame in second.frames {
            let twin = frames.firstIndex {
                $0.state == frame.state && $0.role == frame.role && $0.names == frame.names
            }
            if let twin { frames[twin].below = union(frames[twin].below, frame.below) } else { frames.append(frame) }
        }
        frames.sort {
            ($0.state, $0.role.rawValue, $0.names, $0.below) < ($1.state, $1.role.rawValue, $1.names, $1.below)
        }
        let result = id(of: Entry(frames: frames, isEnd: first.isEnd || second.isEnd))
        unions[key] = result
        return result
    }

    /// The same stacks with other names in the containers on top.
    mutating func replacingNames(in id: Int32, _ change: (Int32) -> Int32?) -> Int32? {
        var result: Int32?
        for frame in entries[Int(id)].frames {
            guard let names = change(frame.names) else { continue }
            let changed = push(frame.state, frame.role, names: names, on: frame.below)
            result = result.map { union($0, changed) } ?? changed
        }
        return result
    }

    private mutating func id(of entry: Entry) -> Int32 {
        if let known = ids[entry] { return known }
        let id = Int32(entries.count)
        let depth = entry.frames.first.map { depths[Int($0.below)] + ($0.role == .container ? 1 : 0) } ?? 0
        entries.append(entry)
        depths.append(depth)
        ids[entry] = id
        shapes.append(id)
        // Its own id at first, so that the shape, which is interned next, has the larger one.
        if entry.frames.contains(where: { $0.names != 0 || hasNames($0.below) }) {
            var shape: Int32?
            for frame in entry.frames {
                let plain = push(frame.state, frame.role, on: shapes[Int(frame.below)])
                shape = shape.map { union($0, plain) } ?? plain
            }
            shapes[Int(id)] = shape ?? id
        }
        return id
    }
}
