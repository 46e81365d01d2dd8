// SPDX-License-Identifier: GPL-3.0-or-later
//
// The stream client of `make bench`. Two measurements, each printed as one JSON object:
//   bench-streams first  BODY ROUNDS NAME=PORT/PATH…   time to the first event, one stream at a
//   time,
//                                                      the targets in turn, on kept connections
//   bench-streams fanout BODY STREAMS EVENTS PORT/PATH all streams at once; each delta's delay, and
//                                                      whether every one of them arrived, in order
// The access token is taken from BENCH_TOKEN. Times are microseconds.
#include "loopback.h"

#include <poll.h>
#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <fstream>
#include <iterator>
#include <memory>
#include <sstream>
#include <vector>

using namespace Switchyard::Bench;

namespace {

constexpr std::int64_t deadlineMicros = 60'000'000;

struct Target
{
    std::string name;
    std::uint16_t port = 0;
    std::string path;
};

// PORT/PATH
Target parseTarget(std::string_view text)
{
    const std::size_t slash = text.find('/');
    Target target;
    std::from_chars(text.data(), text.data() + slash, target.port);
    target.path = text.substr(slash);
    return target;
}

std::string requestFor(const Target &target, const std::string &body)
{
    const char *token = std::getenv("BENCH_TOKEN");
    std::string out = "POST " + target.path + " HTTP/1.1\r\nHost: 127.0.0.1:"
        + std::to_string(target.port) + "\r\nContent-Type: application/json\r\n"
        + "anthropic-version: 2023-06-01\r\nAuthorization: Bearer " + (token ? token : "none")
        + "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n";
    return out + body;
}

// Reads one chunked response; gives its body piece by piece.
class ResponseReader
{
public:
    enum class State { Head, Size, Data, DataEnd, Trailer, Done, Broken };

    State state() const { return m_state; }
    int status() const { return m_status; }

    template <typename Sink> void feed(std::string_view bytes, Sink sink)
    {
        while (!bytes.empty() && m_state != State::Done && m_state != State::Broken) {
            if (m_state == State::Data) {
                const std::size_t taken = std::min(bytes.size(), m_left);
                sink(bytes.substr(0, taken));
                bytes.remove_prefix(taken);
                m_left -= taken;
                if (m_left == 0)
                    m_state = State::DataEnd;
                continue;
            }
            m_line.push_back(bytes.front());
            bytes.remove_prefix(1);
            takeLine();
        }
    }

private:
    void takeLine()
    {
        if (m_state == State::Head) {
            if (!m_line.ends_with("\r\n\r\n"))
                return;
            m_status = std::atoi(m_line.c_str() + m_line.find(' '));
            std::string lower = m_line;
            std::transform(lower.begin(), lower.end(), lower.begin(),
                           [](unsigned char c) { return char(std::tolower(c)); });
            const bool chunked = lower.find("transfer-encoding: chunked") != std::string::npos;
            m_state = chunked ? State::Size : State::Broken;
            return m_line.clear();
        }
        if (!m_line.ends_with("\r\n"))
            return;
        if (m_state == State::Size) {
            m_left = std::strtoull(m_line.c_str(), nullptr, 16);
            m_state = m_left > 0 ? State::Data : State::Trailer;
        } else if (m_state == State::DataEnd) {
            m_state = State::Size;
        } else if (m_line.size() == 2) {
            m_state = State::Done;
        }
        m_line.clear();
    }

    State m_state = State::Head;
    int m_status = 0;
    std::size_t m_left = 0;
    std::string m_line;
};

std::int64_t percentile(std::vector<std::int64_t> &sorted, double part)
{
    if (sorted.empty())
        return -1;
    return sorted[std::min(sorted.size() - 1, std::size_t(double(sorted.size()) * part))];
}

std::string summary(std::vector<std::int64_t> &values)
{
    std::sort(values.begin(), values.end());
    std::ostringstream out;
    out << "\"count\":" << values.size() << ",\"p50\":" << percentile(values, 0.50)
        << ",\"p90\":" << percentile(values, 0.90) << ",\"p99\":" << percentile(values, 0.99)
        << ",\"max\":" << (values.empty() ? -1 : values.back());
    return out.str();
}

int connectTo(const Target &target)
{
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    const sockaddr_in address = loopback(target.port);
    if (connect(fd, reinterpret_cast<const sockaddr *>(&address), sizeof address) != 0)
        die("connect to " + target.name);
    setNoDelay(fd);
    return fd;
}

void sendAll(int fd, std::string_view bytes)
{
    while (!bytes.empty()) {
        const ssize_t sent = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent < 0)
            die("send");
        bytes.remove_prefix(std::size_t(sent));
    }
}

// Micros from the first byte sent to the end of the first event received.
std::int64_t firstEvent(int fd, const Target &target, const std::string &request)
{
    std::array<char, 65536> buffer{};
    ResponseReader reader;
    std::string begin;
    const std::int64_t started = nowMicros();
    std::int64_t first = -1;
    sendAll(fd, request);
    while (reader.state() != ResponseReader::State::Done) {
        pollfd wanted{fd, POLLIN, 0};
        if (poll(&wanted, 1, int(deadlineMicros / 1000)) <= 0)
            die("no answer in time from " + target.name);
        const ssize_t got = ::read(fd, buffer.data(), buffer.size());
        if (got <= 0)
            die("the stream was cut by " + target.name);
        const std::int64_t now = nowMicros();
        reader.feed({buffer.data(), std::size_t(got)}, [&](std::string_view bytes) {
            if (first >= 0)
                return;
            begin.append(bytes);
            if (begin.find("\n\n") != std::string::npos)
                first = now - started;
        });
        if (reader.state() == ResponseReader::State::Broken
            || (reader.status() != 0 && reader.status() != 200)) {
            std::cerr << "bench: " << target.name << " answered " << reader.status()
                      << " and no event stream\n";
            std::exit(1);
        }
    }
    return first;
}

int measureFirst(const std::string &body, int rounds, const std::vector<Target> &targets)
{
    struct Lane
    {
        Target target;
        std::string request;
        int fd = -1;
        std::vector<std::int64_t> times;
    };
    std::vector<Lane> lanes;
    for (const Target &target : targets)
        lanes.push_back({target, requestFor(target, body), connectTo(target), {}});
    const int warmUp = rounds / 10;
    for (int round = -warmUp; round < rounds; ++round) {
        for (Lane &lane : lanes) {
            const std::int64_t time = firstEvent(lane.fd, lane.target, lane.request);
            if (round >= 0)
                lane.times.push_back(time);
        }
    }
    std::cout << '{';
    for (std::size_t i = 0; i < lanes.size(); ++i)
        std::cout << (i ? "," : "") << '"' << lanes[i].target.name << "\":{"
                  << summary(lanes[i].times) << '}';
    std::cout << "}\n";
    return 0;
}

struct Stream
{
    int fd = -1;
    std::size_t sent = 0;
    ResponseReader reader;
    std::string text; // of the body, from the last unread frame on
    int nextDelta = 0;
    bool stopped = false; // message_stop (or the [DONE] of a direct chat stream) was seen
    bool ended = false;
};

class Fanout
{
public:
    Fanout(Target target, std::string request, int events)
        : m_target(std::move(target)), m_request(std::move(request)), m_events(events)
    {
    }

    int run(int streams)
    {
        m_epoll = epoll_create1(0);
        m_delays.reserve(std::size_t(streams * m_events));
        for (int i = 0; i < streams; ++i)
            open();
        std::array<epoll_event, 512> ready{};
        const std::int64_t deadline = nowMicros() + deadlineMicros;
        while (m_open > 0 && nowMicros() < deadline) {
            const int count = epoll_wait(m_epoll, ready.data(), ready.size(), 100);
            for (int i = 0; i < count; ++i)
                handle(*static_cast<Stream *>(ready[std::size_t(i)].data.ptr),
                       ready[std::size_t(i)].events);
        }
        const std::int64_t expected = std::int64_t(streams) * m_events;
        int complete = 0;
        for (const auto &stream : m_streams)
            complete += stream->stopped && stream->nextDelta == m_events;
        std::cout << "{\"streams\":" << streams << ",\"complete\":" << complete
                  << ",\"lost\":" << expected - std::int64_t(m_delays.size())
                  << ",\"disordered\":" << m_disordered << ",\"failed\":" << m_failed << ","
                  << summary(m_delays) << "}\n";
        return 0;
    }

private:
    void open()
    {
        auto stream = std::make_unique<Stream>();
        stream->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        const sockaddr_in address = loopback(m_target.port);
        if (stream->fd < 0)
            die("socket");
        if (connect(stream->fd, reinterpret_cast<const sockaddr *>(&address), sizeof address) != 0
            && errno != EINPROGRESS)
            die("connect");
        setNoDelay(stream->fd);
        epoll_event wanted{};
        wanted.events = EPOLLIN | EPOLLOUT;
        wanted.data.ptr = stream.get();
        epoll_ctl(m_epoll, EPOLL_CTL_ADD, stream->fd, &wanted);
        m_streams.push_back(std::move(stream));
        ++m_open;
    }

    void handle(Stream &stream, std::uint32_t events)
    {
        if (stream.ended)
            return;
        if ((events & EPOLLOUT) && !write(stream))
            return end(stream, true);
        if (events & (EPOLLIN | EPOLLHUP | EPOLLERR))
            read(stream);
    }

    bool write(Stream &stream) const
    {
        while (stream.sent < m_request.size()) {
            const ssize_t sent = ::send(stream.fd, m_request.data() + stream.sent,
                                        m_request.size() - stream.sent, MSG_NOSIGNAL);
            if (sent < 0)
                return errno == EAGAIN || errno == ENOTCONN;
            stream.sent += std::size_t(sent);
        }
        epoll_event wanted{};
        wanted.events = EPOLLIN;
        wanted.data.ptr = &stream;
        epoll_ctl(m_epoll, EPOLL_CTL_MOD, stream.fd, &wanted);
        return true;
    }

    void read(Stream &stream)
    {
        const ssize_t got = ::read(stream.fd, m_buffer.data(), m_buffer.size());
        if (got < 0 && errno == EAGAIN)
            return;
        if (got <= 0)
            return end(stream, true);
        const std::int64_t now = nowMicros();
        stream.reader.feed({m_buffer.data(), std::size_t(got)},
                           [&](std::string_view bytes) { stream.text.append(bytes); });
        takeFrames(stream, now);
        if (stream.reader.state() == ResponseReader::State::Broken
            || (stream.reader.status() != 0 && stream.reader.status() != 200))
            return end(stream, true);
        if (stream.reader.state() == ResponseReader::State::Done)
            end(stream, !stream.stopped);
    }

    void takeFrames(Stream &stream, std::int64_t now)
    {
        std::size_t from = 0;
        std::size_t blank = 0;
        while ((blank = stream.text.find("\n\n", from)) != std::string::npos) {
            takeFrame(stream, std::string_view(stream.text).substr(from, blank - from), now);
            from = blank + 2;
        }
        stream.text.erase(0, from);
    }

    void takeFrame(Stream &stream, std::string_view frame, std::int64_t now)
    {
        if (frame.find("message_stop") != std::string_view::npos
            || frame.find("data: [DONE]") != std::string_view::npos)
            stream.stopped = true;
        const std::size_t number = frame.find("\"s=");
        const std::size_t time = frame.find(" t=");
        if (number == std::string_view::npos || time == std::string_view::npos)
            return;
        int delta = -1;
        std::int64_t sentAt = 0;
        std::from_chars(frame.data() + number + 3, frame.data() + frame.size(), delta);
        std::from_chars(frame.data() + time + 3, frame.data() + frame.size(), sentAt);
        m_disordered += delta != stream.nextDelta;
        stream.nextDelta = delta + 1;
        m_delays.push_back(now - sentAt);
    }

    void end(Stream &stream, bool failed)
    {
        if (failed && m_failed++ == 0)
            std::cerr << "bench: a stream of " << m_target.path << " failed with status "
                      << stream.reader.status() << " after " << stream.nextDelta << " deltas\n";
        stream.ended = true;
        --m_open;
        ::close(stream.fd);
    }

    const Target m_target;
    const std::string m_request;
    const int m_events;
    int m_epoll = -1;
    int m_open = 0;
    int m_failed = 0;
    int m_disordered = 0;
    std::vector<std::unique_ptr<Stream>> m_streams;
    std::vector<std::int64_t> m_delays;
    std::vector<char> m_buffer = std::vector<char>(256 * 1024);
};

std::string readFile(const char *path)
{
    std::ifstream file(path, std::ios::binary);
    if (!file)
        die(std::string("cannot read ") + path);
    return {std::istreambuf_iterator<char>(file), {}};
}

} // namespace

int main(int argc, char **argv)
{
    const std::vector<std::string> arguments(argv + 1, argv + argc);
    if (arguments.size() >= 4 && arguments[0] == "first") {
        std::vector<Target> targets;
        for (std::size_t i = 3; i < arguments.size(); ++i) {
            const std::size_t equals = arguments[i].find('=');
            Target target = parseTarget(std::string_view(arguments[i]).substr(equals + 1));
            target.name = arguments[i].substr(0, equals);
            targets.push_back(target);
        }
        return measureFirst(readFile(argv[2]), std::stoi(arguments[2]), targets);
    }
    if (arguments.size() == 5 && arguments[0] == "fanout") {
        const Target target = parseTarget(arguments[4]);
        return Fanout(target, requestFor(target, readFile(argv[2])), std::stoi(arguments[3]))
            .run(std::stoi(arguments[2]));
    }
    std::cerr << "usage: bench-streams first BODY ROUNDS NAME=PORT/PATH… | "
                 "fanout BODY STREAMS EVENTS PORT/PATH\n";
    return 2;
}
