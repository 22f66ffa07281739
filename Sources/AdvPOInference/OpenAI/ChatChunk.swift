/// What of a chunk, or of a whole answer, is read; all else is ignored, since servers differ.
struct ChatChunk: Decodable {
    struct Choice: Decodable {
        var index: Int?
        /// In a chunk.
        var delta: Message?
        /// In a whole answer.
        var message: Message?
        var finish_reason: String?
    }

    struct Message: Decodable {
        var content: ContentText?
        var refusal: String?
        var reasoning_content: String?
        var reasoning: String?
    }

    struct TokenCounts: Decodable {
        var prompt_tokens: Int?
        var completion_tokens: Int?
    }

    /// llama.cpp's own counts, beside or instead of `usage`.
    struct Timings: Decodable {
        var prompt_n: Int?
        var cache_n: Int?
        var predicted_n: Int?
    }

    var choices: [Choice]?
    var usage: TokenCounts?
    var timings: Timings?
    var error: ServerError?
}

/// A message's content: a text, or a list of parts of which the texts count.
struct ContentText: Decodable {
    private struct Part: Decodable { var text: String? }

    var text: String

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        do {
            text = try container.decode(String.self)
        } catch {
            text = try container.decode([Part].self).compactMap(\.text).joined()
        }
    }
}

/// A server's error: OpenAI's object, or a bare text as some servers send it.
struct ServerError: Decodable {
    private struct Fields: Decodable {
        var message: String?
        var type: String?
        var code: Code?
        var status: Code?
    }

    /// A number with some servers, a word with others.
    enum Code: Decodable {
        case number(Int)
        case word(String)

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            do {
                self = .number(try container.decode(Int.self))
            } catch {
                let word = try container.decode(String.self)
                self = Int(word).map(Code.number) ?? .word(word)
            }
        }
    }

    var message: String
    var type: String?
    var code: Code?

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        do {
            message = try container.decode(String.self)
        } catch {
            let fields = try container.decode(Fields.self)
            message = fields.message ?? ""
            type = fields.type
            code = fields.code ?? fields.status
        }
    }
}

/// The body of a refused request, in the shapes that servers give it.
struct ErrorBody: Decodable {
    private enum Key: CodingKey { case error, message, detail, type, code }

    var error: ServerError

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        if container.contains(.error) {
            error = try container.decode(ServerError.self, forKey: .error)
        } else if container.contains(.message) {
            error = try ServerError(from: decoder)
        } else {
            error = try container.decode(ServerError.self, forKey: .detail)
        }
    }
}
