// SPDX-License-Identifier: GPL-3.0-or-later
//
// The upstream of `make bench`: one thread, epoll, no parsing beyond the head. It must be faster
// than everything it serves, and it answers only when the whole body has arrived, as a model's
// server does (nginx's `return` would answer before).
//
// The first part of the path chooses the behaviour, the last part the wire format:
//   /json/…/messages            a message                     /json/…/chat/completions  a
//   completion /brief/…                    a stream of three deltas, at once /paced/… a stream of
//   --events deltas, one every --interval-ms GET /stats {"requests":…,"body_bytes":…,"bad":…}
// Each delta carries its number and the time it was sent: "s=12 t=123456789 ".
#include "loopback.h"

#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <csignal>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

using namespace Switchyard::Bench;

namespace {

constexpr std::size_t maxHeadBytes = 64 * 1024;
const std::string answerText =
    "The build failed because the header is included before the flag that it tests is set. "
    "Moving the include below the definition is enough; the second error goes away with it. "
    "I looked at the three callers: none of them depends on the old order, and the tests of "
    "the parser cover the case. Shall I make the change and run them?";

std::string withLength(std::string_view type, std::string_view body)
{
    std::string out = "HTTP/1.1 200 OK\r\nContent-Type: ";
    out.append(type).append("\r\nContent-Length: ").append(std::to_string(body.size()));
    return out.append("\r\n\r\n").append(body);
}

std::string chunk(std::string_view bytes)
{
    std::array<char, 16> size{};
    const auto end = std::to_chars(size.begin(), size.end(), bytes.size(), 16).ptr;
    std::string out(size.data(), end);
    return out.append("\r\n").append(bytes).append("\r\n");
}

std::string event(std::string_view name, std::string_view data)
{
    std::string frame = "event: ";
    return chunk(frame.append(name).append("\ndata: ").append(data).append("\n\n"));
}

std::string dataOnly(std::string_view data)
{
    std::string frame = "data: ";
    return chunk(frame.append(data).append("\n\n"));
}

// What one wire format says, the parts that never change rendered once.
struct Wire
{
    std::string json;
    std::string streamBegin;
    std::string streamEnd;
    std::string deltaBefore;
    std::string deltaAfter;
    bool named = false;
    std::string delta(int number) const
    {
        std::string data = deltaBefore;
        data.append("s=").append(std::to_string(number)).append(" t=");
        data.append(std::to_string(nowMicros())).append(" ").append(deltaAfter);
        return named ? event("content_block_delta", data) : dataOnly(data);
    }
};

const std::string streamHead = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
                               "Cache-Control: no-cache\r\nTransfer-Encoding: chunked\r\n\r\n";

Wire messagesWire()
{
    const std::string usage =
        R"("usage":{"input_tokens":1231,"output_tokens":80,"cache_creation_input_tokens":0,)"
        R"("cache_read_input_tokens":11000})";
    const std::string head = R"({"id":"msg_01bench","type":"message","role":"assistant",)"
                             R"("model":"anthropic/claude-sonnet-4",)";
    Wire wire;
    wire.named = true;
    wire.json =
        withLength("application/json",
                   head + R"("content":[{"type":"text","text":")" + answerText
                       + R"("}],"stop_reason":"end_turn","stop_sequence":null,)" + usage + "}");
    wire.streamBegin = streamHead
        + event("message_start",
                R"({"type":"message_start","message":)" + head
                    + R"("content":[],"stop_reason":null,"stop_sequence":null,)" + usage + "}}")
        + event("content_block_start",
                R"({"type":"content_block_start","index":0,"content_block":)"
                R"({"type":"text","text":""}})");
    wire.deltaBefore = R"({"type":"content_block_delta","index":0,"delta":)"
                       R"({"type":"text_delta","text":")";
    wire.deltaAfter = R"("}})";
    wire.streamEnd = event("content_block_stop", R"({"type":"content_block_stop","index":0})")
        + event("message_delta",
                R"({"type":"message_delta","delta":{"stop_reason":"end_turn",)"
                R"("stop_sequence":null},)"
                    + usage + "}")
        + event("message_stop", R"({"type":"message_stop"})") + event("data", "[DONE]")
        + "0\r\n\r\n";
    return wire;
}

Wire chatWire()
{
    const std::string usage =
        R"("usage":{"prompt_tokens":12231,"completion_tokens":80,"total_tokens":12311,)"
        R"("prompt_tokens_details":{"cached_tokens":11000,"cache_write_tokens":0}})";
    const std::string head = R"({"id":"gen-bench","provider":"Bench","created":1760000000,)"
                             R"("model":"anthropic/claude-sonnet-4",)";
    const std::string chunkHead = head + R"("object":"chat.completion.chunk",)";
    Wire wire;
    wire.json = withLength("application/json",
                           head + R"("object":"chat.completion","choices":[{"index":0,"message":)"
                               + R"({"role":"assistant","content":")" + answerText
                               + R"("},"finish_reason":"stop","native_finish_reason":"end_turn"}],)"
                               + usage + "}");
    wire.streamBegin = streamHead
        + dataOnly(chunkHead
                   + R"("choices":[{"index":0,"delta":{"role":"assistant","content":""},)"
                     R"("finish_reason":null}]})");
    wire.deltaBefore =
        chunkHead + R"("choices":[{"index":0,"delta":{"role":"assistant","content":")";
    wire.deltaAfter = R"("},"finish_reason":null}]})";
    wire.streamEnd =
        dataOnly(chunkHead
                 + R"("choices":[{"index":0,"delta":{"role":"assistant","content":""},)"
                   R"("finish_reason":"stop","native_finish_reason":"end_turn"}]})")
        + dataOnly(chunkHead + R"("choices":[],)" + usage + "}") + dataOnly("[DONE]") + "0\r\n\r\n";
    return wire;
}

enum class Behaviour { Json, Brief, Paced, Stats, Unknown };

struct Connection
{
    int fd = -1;
    std::string head; // until its blank line
    std::size_t bodyLeft = 0;
    bool inBody = false;
    char lastBodyByte = 0;
    Behaviour behaviour = Behaviour::Unknown;
    const Wire *wire = nullptr;
    std::string out;
    std::size_t outDone = 0;
    bool wantsWrite = false;
    int nextDelta = -1; // of a paced stream; -1: none is running
    std::int64_t pacedFrom = 0;
};

class Upstream
{
public:
    Upstream(int events, std::int64_t intervalMicros)
        : m_events(events), m_intervalMicros(intervalMicros)
    {
    }

    void run()
    {
        listen();
        std::array<epoll_event, 256> ready{};
        while (true) {
            const int count = epoll_wait(m_epoll, ready.data(), ready.size(), waitMs());
            if (count < 0 && errno != EINTR)
                die("epoll_wait");
            for (int i = 0; i < count; ++i)
                handle(ready[std::size_t(i)]);
            sendDueDeltas();
        }
    }

private:
    void listen()
    {
        m_epoll = epoll_create1(0);
        m_listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        sockaddr_in address = loopback(0);
        socklen_t length = sizeof address;
        if (bind(m_listener, reinterpret_cast<sockaddr *>(&address), length) != 0
            || ::listen(m_listener, 4096) != 0)
            die("listen");
        getsockname(m_listener, reinterpret_cast<sockaddr *>(&address), &length);
        watch(m_listener, EPOLLIN, EPOLL_CTL_ADD);
        std::cout << "listening " << ntohs(address.sin_port) << std::endl;
    }

    void watch(int fd, std::uint32_t events, int operation) const
    {
        epoll_event wanted{};
        wanted.events = events;
        wanted.data.fd = fd;
        epoll_ctl(m_epoll, operation, fd, &wanted);
    }

    void handle(const epoll_event &ready)
    {
        if (ready.data.fd == m_listener)
            return accept();
        const auto found = m_connections.find(ready.data.fd);
        if (found == m_connections.end())
            return;
        Connection &connection = *found->second;
        bool alive = true;
        if (ready.events & (EPOLLIN | EPOLLHUP | EPOLLERR))
            alive = read(connection);
        if (alive && (ready.events & EPOLLOUT))
            alive = flush(connection);
        if (!alive)
            close(connection);
    }

    void accept()
    {
        while (true) {
            const int fd = accept4(m_listener, nullptr, nullptr, SOCK_NONBLOCK);
            if (fd < 0)
                return;
            setNoDelay(fd);
            auto connection = std::make_unique<Connection>();
            connection->fd = fd;
            m_connections.emplace(fd, std::move(connection));
            watch(fd, EPOLLIN, EPOLL_CTL_ADD);
        }
    }

    void close(Connection &connection)
    {
        const int fd = connection.fd;
        std::erase(m_paced, &connection);
        m_connections.erase(fd);
        ::close(fd);
    }

    bool read(Connection &connection)
    {
        const ssize_t got = ::read(connection.fd, m_buffer.data(), m_buffer.size());
        if (got < 0)
            return errno == EAGAIN;
        if (got == 0)
            return false;
        std::string_view bytes(m_buffer.data(), std::size_t(got));
        while (!bytes.empty()) {
            if (!(connection.inBody ? takeBody(connection, bytes) : takeHead(connection, bytes)))
                return false;
        }
        return true;
    }

    bool takeHead(Connection &connection, std::string_view &bytes)
    {
        const std::size_t before = connection.head.size();
        connection.head.append(bytes);
        const std::size_t end = connection.head.find("\r\n\r\n", before < 3 ? 0 : before - 3);
        if (end == std::string::npos) {
            bytes = {};
            return connection.head.size() < maxHeadBytes;
        }
        bytes.remove_prefix(end + 4 - before);
        connection.head.resize(end + 2);
        readHead(connection);
        connection.inBody = true;
        return connection.bodyLeft > 0 || answer(connection);
    }

    void readHead(Connection &connection) const
    {
        std::string &head = connection.head;
        const std::size_t pathAt = head.find(' ') + 1;
        const std::size_t pathEnd = head.find_first_of(" ?\r", pathAt);
        const std::string_view path(head.data() + pathAt, pathEnd - pathAt);
        connection.behaviour = path.starts_with("/json/") ? Behaviour::Json
            : path.starts_with("/brief/")                 ? Behaviour::Brief
            : path.starts_with("/paced/")                 ? Behaviour::Paced
            : path == "/stats"                            ? Behaviour::Stats
                                                          : Behaviour::Unknown;
        connection.wire = path.ends_with("/chat/completions") ? &m_chat
            : path.ends_with("/messages")                     ? &m_messages
                                                              : nullptr;
        connection.bodyLeft = 0;
        constexpr std::string_view name = "\r\ncontent-length:";
        const auto found = std::search(head.begin(), head.end(), name.begin(), name.end(),
                                       [](char a, char b) { return (a | 0x20) == (b | 0x20); });
        if (found != head.end())
            connection.bodyLeft =
                std::strtoull(head.c_str() + (found - head.begin()) + name.size(), nullptr, 10);
    }

    bool takeBody(Connection &connection, std::string_view &bytes)
    {
        const std::size_t taken = std::min(bytes.size(), connection.bodyLeft);
        connection.bodyLeft -= taken;
        m_bodyBytes += taken;
        if (taken > 0)
            connection.lastBodyByte = bytes[taken - 1];
        bytes.remove_prefix(taken);
        return connection.bodyLeft > 0 || answer(connection);
    }

    bool answer(Connection &connection)
    {
        connection.inBody = false;
        connection.head.clear();
        if (connection.behaviour == Behaviour::Stats) {
            connection.out += withLength("application/json",
                                         "{\"requests\":" + std::to_string(m_requests)
                                             + ",\"body_bytes\":" + std::to_string(m_bodyBytes)
                                             + ",\"bad\":" + std::to_string(m_bad) + "}");
            return flush(connection);
        }
        ++m_requests;
        if (!connection.wire || connection.behaviour == Behaviour::Unknown
            || connection.lastBodyByte != '}') {
            ++m_bad;
            connection.out += "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";
            return flush(connection);
        }
        connection.lastBodyByte = 0;
        const Wire &wire = *connection.wire;
        switch (connection.behaviour) {
        case Behaviour::Json:
            connection.out += wire.json;
            break;
        case Behaviour::Brief:
            connection.out += wire.streamBegin;
            for (int number = 0; number < 3; ++number)
                connection.out += wire.delta(number);
            connection.out += wire.streamEnd;
            break;
        default:
            connection.out += wire.streamBegin;
            connection.nextDelta = 0;
            connection.pacedFrom = nowMicros() + m_intervalMicros;
            m_paced.push_back(&connection);
        }
        return flush(connection);
    }

    int waitMs() const { return m_paced.empty() ? -1 : 1; }

    void sendDueDeltas()
    {
        const std::int64_t now = nowMicros();
        std::vector<Connection *> broken;
        std::erase_if(m_paced, [&](Connection *connection) {
            bool ended = false;
            bool alive = true;
            while (alive && !ended
                   && connection->pacedFrom + connection->nextDelta * m_intervalMicros <= now) {
                connection->out += connection->wire->delta(connection->nextDelta);
                if (++connection->nextDelta == m_events) {
                    connection->out += connection->wire->streamEnd;
                    connection->nextDelta = -1;
                    ended = true;
                }
                alive = flush(*connection);
            }
            if (!alive)
                broken.push_back(connection);
            return ended || !alive;
        });
        for (Connection *connection : broken)
            close(*connection);
    }

    bool flush(Connection &connection) const
    {
        while (connection.outDone < connection.out.size()) {
            const ssize_t sent = ::send(connection.fd, connection.out.data() + connection.outDone,
                                        connection.out.size() - connection.outDone, MSG_NOSIGNAL);
            if (sent < 0) {
                if (errno != EAGAIN)
                    return false;
                if (!connection.wantsWrite)
                    watch(connection.fd, EPOLLIN | EPOLLOUT, EPOLL_CTL_MOD);
                connection.wantsWrite = true;
                return true;
            }
            connection.outDone += std::size_t(sent);
        }
        connection.out.clear();
        connection.outDone = 0;
        if (connection.wantsWrite)
            watch(connection.fd, EPOLLIN, EPOLL_CTL_MOD);
        connection.wantsWrite = false;
        return true;
    }

    const int m_events;
    const std::int64_t m_intervalMicros;
    const Wire m_messages = messagesWire();
    const Wire m_chat = chatWire();
    int m_epoll = -1;
    int m_listener = -1;
    std::unordered_map<int, std::unique_ptr<Connection>> m_connections;
    std::vector<Connection *> m_paced;
    std::vector<char> m_buffer = std::vector<char>(256 * 1024);
    std::uint64_t m_requests = 0;
    std::uint64_t m_bodyBytes = 0;
    std::uint64_t m_bad = 0;
};

} // namespace

int main(int argc, char **argv)
{
    if (argc != 3) {
        std::cerr << "usage: bench-upstream EVENTS INTERVAL_MS\n";
        return 2;
    }
    std::signal(SIGPIPE, SIG_IGN);
    Upstream(std::atoi(argv[1]), std::atoll(argv[2]) * 1000).run();
}
