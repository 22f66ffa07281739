import AdvPOModel
import Foundation
import OrderedCollections
import Testing
@testable import AdvPOInference

/// How a message's files are written in a chat completions request.
@Suite("Files in requests")
struct AttachmentRequestTests {
    private static func messages(_ message: ChatMessage) throws -> JSONValue? {
        try RequestBody.fields(ChatRequest(modelID: "m", messages: [ChatMessage(role: .system, text: "s"), message]), model: "m")["messages"]
    }

    @Test("a message without files is its bare text, as it always was")
    func textOnly() throws {
        #expect(try Self.messages(ChatMessage(role: .user, text: "hi"))?.text == #"[{"role":"system","content":"s"},{"role":"user","content":"hi"}]"#)
    }

    @Test("images and PDFs follow the text as parts, in their order, as data URLs")
    func files() throws {
        let files = [
            ChatMessage.File(name: "chart", mediaType: .png, bytes: [0xFF, 0xFE]), ChatMessage.File(name: "a \"b\"", mediaType: .pdf, bytes: Array("%PDF-".utf8)),
            ChatMessage.File(name: "c.PDF", mediaType: .pdf, bytes: []),
        ]
        let content = try Self.messages(ChatMessage(role: .user, text: "hi", files: files))?[1]?["content"]
        let expected = #"[{"type":"text","text":"hi"},{"type":"image_url","image_url":{"url":"data:image/png;base64,//4="}},"#
            + #"{"type":"file","file":{"filename":"a \"b\".pdf","file_data":"data:application/pdf;base64,JVBERi0="}},"#
            + #"{"type":"file","file":{"filename":"c.PDF","file_data":"data:application/pdf;base64,"}}]"#
        #expect(content?.text == expected)
    }

    @Test("the simulated model answers the text alone")
    func simulated() async throws {
        let model = SimulatedModel(behaviour: try SimulatedBehaviour(parsing: "label:a,b,c"), clock: ContinuousClock())
        func answer(_ files: [ChatMessage.File]) async throws -> TryAnswer {
            try await model.answer(ChatRequest(modelID: "m", messages: [ChatMessage(role: .user, text: "which", files: files)]), attempt: 0)
        }
        let (bare, pictured) = (try await answer([]), try await answer([ChatMessage.File(name: "f", mediaType: .gif, bytes: [1, 2, 3])]))
        #expect(bare.text == pictured.text && bare.tokens?.input == pictured.tokens?.input)
    }
}
