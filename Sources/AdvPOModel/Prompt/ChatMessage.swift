/// One turn of a conversation as it is sent to a model.
package struct ChatMessage: Hashable, Sendable {
    package enum Role: String, Hashable, Sendable, Codable, CaseIterable {
        case system, user, assistant
    }

    /// A file that goes with a message's text.
    package struct File: Hashable, Sendable {
        /// As the input calls it.
        package var name: String
        package var mediaType: MediaType
        package var bytes: [UInt8]
        package init(name: String, mediaType: MediaType, bytes: [UInt8]) {
            self.name = name
            self.mediaType = mediaType
            self.bytes = bytes
        }
    }

    package var role: Role
    package var text: String
    /// Sent after the text, in this order.
    package var files: [File]

    package init(role: Role, text: String, files: [File] = []) {
        self.role = role
        self.text = text
        self.files = files
    }
}
