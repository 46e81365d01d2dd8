// SPDX-License-Identifier: GPL-3.0-or-later
#include "proxycore/exchange/exchange.h"

#include "proxycore/chat/chatresponse.h"
#include "proxycore/chat/chatstream.h"
#include "proxycore/downstream/requestdecoding.h"
#include "proxycore/exchange/answerheaders.h"
#include "proxycore/exchange/bodykind.h"
#include "proxycore/exchange/upstreamfailures.h"
#include "proxycore/journal/fingerprint.h"
#include "proxycore/protocol/messageassembly.h"
#include "proxycore/protocol/nativestream.h"
#include "proxycore/protocol/randomid.h"
#include "proxycore/protocol/ssewriter.h"
#include "proxycore/protocol/tokenestimate.h"
#include "proxycore/routing/modelmap.h"
#include "proxycore/routing/retrypolicy.h"

#include <QDateTime>
#include <QRandomGenerator>
#include <QTimerEvent>

#include <utility>

namespace Switchyard {

namespace {

// An answer that is not streamed is held in memory whole; none is this large.
constexpr qsizetype maxCollectedBytes = 64 * 1024 * 1024;
// Of an error's body only the sentence matters.
constexpr qsizetype maxErrorBytes = 1024 * 1024;
// How long the rest of an answered upstream may take, to keep its connection.
constexpr int drainMs = 2'000;
// The offline backend's reading speed.
constexpr int reciteIntervalMs = 30;

} // namespace

Exchange::Exchange(ExchangeHost &host, quint64 id, ExchangeConfigPtr config, Endpoint endpoint,
                   InboundRequest request, ResponseWriter writer)
    : m_host(host), m_config(std::move(config)), m_endpoint(endpoint),
      m_inbound(std::move(request)), m_writer(std::move(writer))
{
    m_clock.start();
    m_record.id = id;
    m_record.startedMs = QDateTime::currentMSecsSinceEpoch();
    m_record.requestId = randomId("req_");
    m_record.method = m_inbound.method;
    m_record.path = m_inbound.path;
    m_record.session = m_inbound.headers.value("x-claude-code-session-id");
    m_record.requestBytes = m_inbound.body.size();
    m_writer.setObserver(this);
}

Exchange::~Exchange()
{
    m_writer.setObserver(nullptr);
}

void Exchange::start()
{
    publish();
    if (const auto refusal = prepare()) {
        rejectWith(*refusal);
        return;
    }
    publish();
    if (m_attempt.lane == Lane::Local || m_endpoint == Endpoint::CountTokens)
        answerLocally();
    else
        sendAttempt();
}

std::optional<ApiError> Exchange::prepare()
{
    constexpr qsizetype maxBody = RequestLimits{}.maxBodyBytes;
    auto body = decodeRequestBody(std::move(m_inbound.body),
                                  m_inbound.headers.value("content-encoding"), maxBody);
    if (!body)
        return body.error();
    m_backend = findBackend(m_config->activeBackend);
    const auto settings = m_config->backends.find(m_config->activeBackend);
    const bool passesOn = m_backend && !m_backend->traits().offline
        && settings != m_config->backends.end() && settings->second.lane == Lane::Native;
    auto request =
        readMessagesRequest(std::move(body).value(),
                            m_endpoint == Endpoint::CountTokens ? MessagesEndpoint::CountTokens
                                                                : MessagesEndpoint::Create,
                            passesOn ? JsonDepth::TopLevel : JsonDepth::Whole);
    if (!request)
        return request.error();
    m_request = std::move(request).value();
    m_request.stream = m_request.stream || m_endpoint == Endpoint::StreamMessage;
    m_record.model = m_request.model;
    m_record.stream = m_request.stream;

    if (!m_backend || settings == m_config->backends.end()) {
        ApiError error =
            ApiError::withStatus(503,
                                 "No backend is chosen; choose one in the tray or with "
                                 "`switchyard use`.");
        error.shouldRetry = false;
        return error;
    }
    m_settings = settings->second;
    const BackendTraits &traits = m_backend->traits();
    m_record.backend = traits.name;
    if (traits.offline) {
        m_attempt.lane = Lane::Local;
        m_record.lane = Lane::Local;
        m_record.upstreamModel = m_request.model;
        return std::nullopt;
    }
    m_record.lane = m_settings.lane;

    auto mapped = mapModel(m_request.model, *m_backend, m_config->models);
    if (!mapped)
        return mapped.error();
    m_record.upstreamModel = mapped.value().name;
    if (m_endpoint == Endpoint::CountTokens)
        return std::nullopt;

    if (!traits.credentialVariables.isEmpty() && m_settings.credential.isEmpty()) {
        ApiError error = ApiError::withStatus(503,
                                              traits.title
                                                  + " has no key yet; store it with `switchyard "
                                                    "secret set "
                                                  + traits.name + "`.");
        error.shouldRetry = false;
        return error;
    }
    auto attempt = m_backend->prepare(
        {m_request, m_inbound.headers, m_inbound.query, mapped.value().name}, m_settings);
    if (!attempt)
        return attempt.error();
    m_attempt = std::move(attempt).value();
    m_record.lane = m_attempt.lane;
    m_record.adjustments = m_attempt.adjustments;
    if (m_host.isOwnAddress(m_attempt.url)) {
        ApiError error = ApiError::withStatus(
            502,
            "The base URL of " + traits.title
                + " leads back to Switchyard itself; set it to the provider's address.");
        error.shouldRetry = false;
        return error;
    }
    return std::nullopt;
}

void Exchange::sendAttempt()
{
    ++m_record.attempts;
    m_phase = Phase::AwaitingHead;
    m_upstreamStatus = 0;
    m_upstreamHeaders = {};
    UpstreamRequest request;
    request.url = m_attempt.url;
    request.headers = m_attempt.headers;
    request.body = m_attempt.body;
    request.connectTimeoutMs = m_settings.connectTimeoutMs;
    request.firstByteTimeoutMs = m_settings.firstByteTimeoutMs;
    request.silenceTimeoutMs = m_settings.silenceTimeoutMs;
    request.http2 = m_settings.http2;
    m_transfer = m_host.upstream().start(std::move(request), this);
    m_upstreamPaused = false;
    if (m_request.stream)
        setTimer(m_config->earlyPingMs);
}

// --- the offline backend, and answers made here -------------------------------------------------

void Exchange::answerLocally()
{
    if (m_endpoint == Endpoint::CountTokens) {
        const qint64 tokens = estimateInputTokens(m_request.body);
        Headers headers = answerHeaders("application/json");
        // The number is ours, and rough: whoever reads it must be able to tell.
        headers.add("x-switchyard-estimate", "bytes");
        m_record.usage.inputTokens = tokens;
        m_record.status = 200;
        noteFirstByte();
        m_writer.send(200, headers, "{\"input_tokens\":" + QByteArray::number(tokens) + '}');
        end(End::Completed);
        return;
    }
    m_recital = makeEchoAnswer(m_request);
    if (!m_request.stream) {
        answerMessage({m_recital->body, m_recital->usage, m_recital->stopReason, m_request.model});
        return;
    }
    m_phase = Phase::Reciting;
    reciteNextFrame();
}

void Exchange::reciteNextFrame()
{
    passOn(m_recital->frames[m_recitedFrames++]);
    if (m_recitedFrames < m_recital->frames.size()) {
        setTimer(reciteIntervalMs);
        return;
    }
    m_record.usage = m_recital->usage;
    m_record.stopReason = m_recital->stopReason;
    m_writer.endStream();
    end(End::Completed);
}

// --- what comes from the upstream ---------------------------------------------------------------

void Exchange::upstreamHead(int status, const Headers &headers)
{
    m_upstreamStatus = status;
    m_upstreamHeaders = headers;
    m_phase = status >= 400 ? Phase::ReadingError : Phase::AwaitingBody;
}

void Exchange::upstreamData(QByteArrayView bytes)
{
    switch (m_phase) {
    case Phase::AwaitingBody:
        recogniseBody(bytes);
        break;
    case Phase::ReadingError:
        if (m_collected.size() < maxErrorBytes)
            m_collected.append(bytes);
        break;
    case Phase::ReadingMessage:
        collect(bytes);
        break;
    case Phase::Streaming:
    case Phase::Assembling:
        translate(bytes);
        break;
    default:
        break;
    }
}

void Exchange::recogniseBody(QByteArrayView bytes)
{
    // The content type is often wrong, so the first bytes decide; nothing is judged on blanks
    // alone.
    m_collected.append(bytes);
    switch (bodyKind(m_upstreamHeaders.value("content-type"), m_collected)) {
    case BodyKind::Unknown:
        return;
    case BodyKind::Json:
        m_phase = Phase::ReadingMessage;
        return;
    case BodyKind::Other:
        m_phase = Phase::ReadingError;
        return;
    case BodyKind::EventStream:
        break;
    }
    if (m_attempt.lane == Lane::Chat)
        m_translator = std::make_unique<ChatStream>(m_attempt.chat);
    else
        m_translator = std::make_unique<NativeStream>(m_request.model);
    m_phase = m_request.stream ? Phase::Streaming : Phase::Assembling;
    translate(std::exchange(m_collected, {}));
}

void Exchange::collect(QByteArrayView bytes)
{
    if (m_collected.size() + bytes.size() > maxCollectedBytes) {
        m_transfer.reset();
        failWith(ApiError::withStatus(
                     502,
                     m_backend->traits().title
                         + " sent an answer larger than 64 MiB; it was not read to its end."),
                 End::UpstreamError);
        return;
    }
    m_collected.append(bytes);
}

void Exchange::translate(QByteArrayView bytes)
{
    const QByteArray frames = m_translator->feed(bytes);
    if (m_phase == Phase::Assembling) {
        collect(frames);
        return;
    }
    if (!frames.isEmpty())
        passOn(frames);
    followTranslator();
}

void Exchange::passOn(QByteArrayView frames)
{
    openStream();
    noteFirstByte();
    m_record.responseBytes += frames.size();
    m_lastWriteMs = m_clock.elapsed();
    m_writer.write(frames);
    if (m_transfer && !m_upstreamPaused && m_writer.backlog() > m_config->clientBacklogBytes) {
        m_upstreamPaused = true;
        m_transfer->pause();
    }
}

void Exchange::openStream()
{
    if (m_writer.isStarted())
        return;
    Headers headers = answerHeaders("text/event-stream; charset=utf-8");
    headers.add("cache-control", "no-cache");
    headers.add("x-accel-buffering", "no");
    m_record.status = 200;
    m_record.state = ExchangeState::Streaming;
    m_writer.beginStream(200, headers);
    if (m_phase == Phase::Streaming)
        setTimer(m_config->streamPingMs);
    publish();
}

void Exchange::followTranslator()
{
    m_record.usage = m_translator->usage();
    switch (m_translator->state()) {
    case StreamTranslator::State::Open:
        return;
    case StreamTranslator::State::Complete:
        m_record.stopReason = m_translator->stopReason();
        m_writer.endStream();
        end(End::Completed);
        return;
    case StreamTranslator::State::Failed:
    case StreamTranslator::State::Truncated:
        break;
    }
    const bool truncated = m_translator->state() == StreamTranslator::State::Truncated;
    const ApiError error = m_translator->error();
    const End how = truncated ? End::Truncated : End::UpstreamError;
    if (m_writer.isStarted())
        failWith(error, how);
    else
        failedBeforeAnswer(
            {AttemptFailure::Kind::Status, truncated ? 0 : error.status, std::nullopt}, error, how);
}

void Exchange::upstreamFinished(const UpstreamOutcome &outcome)
{
    const bool broken = outcome.failure != UpstreamFailure::None;
    switch (m_phase) {
    case Phase::Draining:
        m_transfer.reset();
        end(End::Completed);
        return;
    case Phase::Streaming:
        finishStream(outcome);
        return;
    case Phase::ReadingError:
        // What arrived of an error is worth more than the way its connection ended.
        finishErrorAnswer();
        return;
    case Phase::ReadingMessage:
    case Phase::Assembling:
    case Phase::AwaitingBody:
    case Phase::AwaitingHead:
        break;
    default:
        return;
    }
    if (broken) {
        const bool late = outcome.failure == UpstreamFailure::FirstByteTimeout
            || outcome.failure == UpstreamFailure::SilenceTimeout;
        failedBeforeAnswer(attemptFailure(outcome),
                           errorForFailure(outcome, m_backend->traits().title),
                           late ? End::UpstreamTimeout : End::UpstreamError);
    } else if (m_phase == Phase::ReadingMessage) {
        finishMessage();
    } else if (m_phase == Phase::Assembling) {
        finishAssembly();
    } else {
        finishErrorAnswer();
    }
}

void Exchange::finishStream(const UpstreamOutcome &outcome)
{
    // Also after a break: what the upstream had finished saying is complete all the same.
    const QByteArray frames = m_translator->finish();
    if (!frames.isEmpty())
        passOn(frames);
    if (m_translator->state() == StreamTranslator::State::Truncated
        && outcome.failure != UpstreamFailure::None) {
        m_record.usage = m_translator->usage();
        const bool late = outcome.failure == UpstreamFailure::SilenceTimeout;
        const ApiError error = errorForFailure(outcome, m_backend->traits().title);
        const End how = late ? End::UpstreamTimeout : End::Truncated;
        if (m_writer.isStarted())
            failWith(error, how);
        else
            failedBeforeAnswer(attemptFailure(outcome), error, how);
        return;
    }
    followTranslator();
}

void Exchange::finishMessage()
{
    auto message = m_attempt.lane == Lane::Chat
        ? convertChatResponse(std::exchange(m_collected, {}), m_attempt.chat)
        : readNativeResponse(std::exchange(m_collected, {}), m_request.model);
    if (!message) {
        const ApiError &error = message.error();
        failedBeforeAnswer({AttemptFailure::Kind::Status, error.status, std::nullopt}, error,
                           End::UpstreamError);
        return;
    }
    answerMessage(message.value());
}

void Exchange::finishAssembly()
{
    collect(m_translator->finish());
    if (m_phase != Phase::Assembling)
        return;
    if (m_translator->state() != StreamTranslator::State::Complete) {
        followTranslator();
        return;
    }
    auto message = messageFromEvents(m_collected);
    if (!message) {
        failWith(message.error(), End::UpstreamError);
        return;
    }
    answerMessage({message.value(), m_translator->usage(), m_translator->stopReason(),
                   m_translator->upstreamModel()});
}

void Exchange::finishErrorAnswer()
{
    const QByteArray body = std::exchange(m_collected, {});
    if (m_upstreamStatus < 400) {
        failedBeforeAnswer({AttemptFailure::Kind::Other, 0, std::nullopt},
                           notAnApiAnswer(body, m_upstreamHeaders.value("content-type"),
                                          m_backend->traits().title),
                           End::UpstreamError);
        return;
    }
    const ApiError error = m_backend->mapError(m_upstreamStatus, m_upstreamHeaders, body);
    const auto wait = parseRetryAfter(m_upstreamHeaders.value("retry-after-ms"),
                                      m_upstreamHeaders.value("retry-after"),
                                      QDateTime::currentMSecsSinceEpoch());
    failedBeforeAnswer({AttemptFailure::Kind::Status, m_upstreamStatus, wait}, error,
                       End::UpstreamError);
}

void Exchange::answerMessage(const MessagesResponse &message)
{
    m_record.usage = message.usage;
    m_record.stopReason = message.stopReason;
    if (m_request.stream) {
        // A client that asked for a stream and gets JSON asks again, and pays twice.
        auto events = messageToEvents(message.body);
        if (!events) {
            failWith(events.error(), End::UpstreamError);
            return;
        }
        passOn(events.value());
        m_writer.endStream();
    } else {
        m_record.status = 200;
        m_record.responseBytes = message.body.size();
        noteFirstByte();
        m_writer.send(200, answerHeaders("application/json"), message.body);
    }
    end(End::Completed);
}

// --- failures -----------------------------------------------------------------------------------

void Exchange::failedBeforeAnswer(const AttemptFailure &failure, const ApiError &error, End how)
{
    m_transfer.reset();
    m_translator.reset();
    m_collected.clear();
    if (!m_writer.isStarted() && error.shouldRetry != false) {
        const auto delay = retryDelayMs(failure, m_record.attempts, m_settings.retries,
                                        QRandomGenerator::global()->generateDouble());
        if (delay) {
            m_phase = Phase::Backoff;
            setTimer(int(*delay));
            publish();
            return;
        }
    }
    failWith(error, how);
}

void Exchange::rejectWith(const ApiError &error)
{
    failWith(error, End::Rejected);
}

void Exchange::failWith(ApiError error, End how)
{
    m_settings.credential.removeFrom(error.message);
    const QByteArray component = how == End::Rejected ? QByteArray("downstream") : m_record.backend;
    m_record.errorType = error.type;
    m_record.errorMessage = error.message;
    m_record.fingerprint = fingerprint(component, error.type, error.message);
    if (m_writer.isStarted()) {
        const bool upstreamsOwn =
            m_translator && m_translator->state() == StreamTranslator::State::Failed;
        QByteArray frame = upstreamsOwn ? m_translator->errorFrame(m_record.requestId)
                                        : errorEvent(error, m_record.requestId);
        m_settings.credential.removeFrom(frame);
        m_writer.write(frame);
        m_writer.endStream();
    } else {
        Headers headers = answerHeaders("application/json");
        headers.set("x-switchyard-fingerprint", m_record.fingerprint);
        if (error.shouldRetry && !headers.contains("x-should-retry"))
            headers.add("x-should-retry", *error.shouldRetry ? "true" : "false");
        m_record.status = error.status;
        noteFirstByte();
        m_writer.send(error.status, headers, errorBody(error, headers.value("request-id")));
    }
    end(how);
}

void Exchange::clientGone()
{
    if (m_phase == Phase::Over || m_phase == Phase::Draining)
        return;
    end(End::ClientClosed);
}

void Exchange::clientDrained()
{
    if (!m_upstreamPaused || m_writer.backlog() > m_config->clientBacklogBytes / 2)
        return;
    m_upstreamPaused = false;
    m_transfer->resume();
}

void Exchange::shutDown()
{
    if (m_phase == Phase::Over || m_phase == Phase::Draining)
        return;
    m_transfer.reset();
    failWith(ApiError::withStatus(529, "Switchyard is shutting down; try again in a moment."),
             End::ShutDown);
}

void Exchange::end(End how)
{
    if (m_phase == Phase::Over)
        return;
    if (m_phase != Phase::Draining) {
        m_record.durationMs = m_clock.elapsed();
        switch (how) {
        case End::Completed:
            m_record.state = ExchangeState::Done;
            break;
        case End::ClientClosed:
            m_record.state = ExchangeState::Cancelled;
            break;
        case End::Rejected:
            m_record.state = ExchangeState::Blocked;
            break;
        case End::Truncated:
            m_record.state = ExchangeState::Truncated;
            break;
        case End::UpstreamError:
        case End::UpstreamTimeout:
        case End::ShutDown:
            m_record.state = ExchangeState::Error;
            break;
        }
        publish();
        m_writer.setObserver(nullptr);
        const bool upstreamStillSends =
            how == End::Completed && m_phase == Phase::Streaming && m_transfer;
        if (upstreamStillSends) {
            if (m_upstreamPaused)
                m_transfer->resume();
            m_phase = Phase::Draining;
            setTimer(drainMs);
            return;
        }
    }
    m_phase = Phase::Over;
    m_timer.stop();
    m_transfer.reset();
    m_host.exchangeOver(this);
}

// --- time ---------------------------------------------------------------------------------------

void Exchange::setTimer(int milliseconds)
{
    m_timer.start(milliseconds, this);
}

void Exchange::timerEvent(QTimerEvent *event)
{
    if (event->timerId() != m_timer.timerId())
        return;
    m_timer.stop();
    switch (m_phase) {
    case Phase::AwaitingHead:
    case Phase::AwaitingBody:
    case Phase::Streaming:
        ping();
        return;
    case Phase::Backoff:
        sendAttempt();
        return;
    case Phase::Reciting:
        reciteNextFrame();
        return;
    case Phase::Draining:
        m_transfer.reset();
        end(End::Completed);
        return;
    default:
        return;
    }
}

void Exchange::ping()
{
    // The timer is not moved at each event; when it fires, it is asked how long the silence was.
    const qint64 quiet = m_clock.elapsed() - m_lastWriteMs;
    if (m_writer.isStarted() && quiet < m_config->streamPingMs) {
        setTimer(int(m_config->streamPingMs - quiet));
        return;
    }
    openStream();
    m_writer.write(ssePing);
    m_lastWriteMs = m_clock.elapsed();
    setTimer(m_config->streamPingMs);
}

// --- small things -------------------------------------------------------------------------------

Headers Exchange::answerHeaders(QByteArrayView contentType) const
{
    return makeAnswerHeaders(m_record, m_upstreamHeaders, contentType);
}

void Exchange::noteFirstByte()
{
    if (!m_record.ttfbMs)
        m_record.ttfbMs = m_clock.elapsed();
}

void Exchange::publish()
{
    m_host.publish(m_record, m_batchSlot);
}

} // namespace Switchyard
