/// A one-based place in a template's source; columns count Unicode scalars.
struct SourcePosition: Sendable {
    var line: Int32
    var column: Int32
}

enum UnaryOperator: Sendable {
    case negate
    case plus
}

enum BinaryOperator: Sendable {
    case add, subtract, multiply, divide, floorDivide, modulo, power

    var symbol: String {
        switch self {
        case .add: "+"
        case .subtract: "-"
        case .multiply: "*"
        case .divide: "/"
        case .floorDivide: "//"
        case .modulo: "%"
        case .power: "**"
        }
    }
}

enum ComparisonOperator: Sendable {
    case equal, notEqual, less, lessOrEqual, greater, greaterOrEqual, contained, notContained
}

/// An expression. Chains of operators, filters and alternatives are flat lists, so that their length costs no stack.
indirect enum Expression: Sendable {
    case literal(TemplateValue)
    /// A variable, by its number in ``SyntaxTree/names``.
    case name(Int)
    case list([Expression])
    case tuple([Expression])
    case dict([(key: Expression, value: Expression)], SourcePosition)
    case unary(UnaryOperator, Expression, SourcePosition)
    /// Operators of one precedence, applied from left to right.
    case binary(Expression, [BinaryTerm])
    case concatenation([Expression])
    case all([Expression])
    case any([Expression])
    case not(Expression)
    case comparison(Expression, [ComparisonTerm])
    /// `value if test else ...`: the value of the first true test.
    case conditional([(value: Expression, test: Expression)], otherwise: Expression?)
    case postfix(Expression, [PostfixOperation])
}

struct BinaryTerm: Sendable {
    let operation: BinaryOperator
    let operand: Expression
    let position: SourcePosition
}

struct ComparisonTerm: Sendable {
    let operation: ComparisonOperator
    let operand: Expression
    let position: SourcePosition
}

/// An attribute's name with everything about it that can be known while parsing.
struct AttributeName: Sendable {
    let name: TemplateName
    let key: TemplateKey

    init(_ text: TemplateString) {
        name = TemplateName(text)
        key = .text(text)
    }

    init(_ name: TemplateName) {
        self.name = name
        key = TemplateKey(name.text, origin: .template)
    }
}

/// One thing applied to the value on its left.
struct PostfixOperation: Sendable {
    indirect enum Kind: Sendable {
        case attribute(AttributeName)
        case item(Expression)
        case slice(Expression?, Expression?, Expression?)
        case call(ArgumentList)
        case filter(name: TemplateName, TemplateFilter?, ArgumentList)
        case test(name: TemplateName, TemplateTest?, ArgumentList, isNegated: Bool)
    }

    let kind: Kind
    let position: SourcePosition
}

/// The arguments of a call as written.
struct ArgumentList: Sendable {
    var positional: [Expression] = []
    var named: [(name: TemplateName, value: Expression)] = []
    var unpacked: Expression?
    var unpackedNamed: Expression?

    var isEmpty: Bool { positional.isEmpty && named.isEmpty && unpacked == nil && unpackedNamed == nil }
}

/// What an assignment or a loop binds.
indirect enum AssignmentTarget: Sendable {
    case name(Int)
    case tuple([AssignmentTarget])
    case attribute(of: Int, AttributeName)
}

indirect enum Statement: Sendable {
    case text(TemplateString)
    case output(Expression, SourcePosition)
    case conditional([(test: Expression, body: [Statement])], otherwise: [Statement])
    case loop(ForStatement)
    case assign(AssignmentTarget, Expression, SourcePosition)
    case assignBlock(AssignmentTarget, filters: [PostfixOperation], body: [Statement], SourcePosition)
    case macro(MacroDefinition)
    /// `call`: the call, and the macro its body becomes.
    case call(Expression, caller: MacroDefinition, SourcePosition)
    case filter([PostfixOperation], body: [Statement], SourcePosition)
    case with([(target: AssignmentTarget, value: Expression)], body: [Statement], SourcePosition)
    /// `generation`: the body in a scope of its own.
    case scoped([Statement])
    case breakLoop
    case continueLoop
}

final class ForStatement: Sendable {
    let target: AssignmentTarget
    let iterable: Expression
    let condition: Expression?
    let body: [Statement]
    let otherwise: [Statement]
    let isRecursive: Bool
    /// Whether the body mentions `loop`; without it, the condition is tested item by item as the loop runs.
    let usesLoop: Bool
    let position: SourcePosition

    init(
        target: AssignmentTarget, iterable: Expression, condition: Expression?, body: [Statement],
        otherwise: [Statement], isRecursive: Bool, usesLoop: Bool, position: SourcePosition
    ) {
        self.target = target
        self.iterable = iterable
        self.condition = condition
        self.body = body
        self.otherwise = otherwise
        self.isRecursive = isRecursive
        self.usesLoop = usesLoop
        self.position = position
    }
}

final class MacroDefinition: Sendable {
    struct Parameter: Sendable {
        let id: Int
        let name: TemplateName
        let standard: Expression?
    }

    let name: TemplateName
    let id: Int
    let parameters: [Parameter]
    let body: [Statement]
    let usesVarargs: Bool
    let usesKwargs: Bool
    let usesCaller: Bool
    let position: SourcePosition

    init(
        name: TemplateName, id: Int, parameters: [Parameter], body: [Statement], usesVarargs: Bool, usesKwargs: Bool,
        usesCaller: Bool, position: SourcePosition
    ) {
        self.name = name
        self.id = id
        self.parameters = parameters
        self.body = body
        self.usesVarargs = usesVarargs
        self.usesKwargs = usesKwargs
        self.usesCaller = usesCaller
        self.position = position
    }
}

/// A parsed template.
struct SyntaxTree: Sendable {
    let body: [Statement]
    /// Every variable name the template mentions; variables are referred to by their index here.
    let names: [TemplateName]
}
