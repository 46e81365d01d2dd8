// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "proxycore/backends/echoanswer.h"
#include "proxycore/downstream/responsewriter.h"
#include "proxycore/exchange/endpoints.h"
#include "proxycore/exchange/exchangeconfig.h"
#include "proxycore/exchange/exchangehost.h"
#include "proxycore/protocol/messagesresponse.h"
#include "proxycore/protocol/streamtranslator.h"
#include "proxycore/routing/retrypolicy.h"

#include <QBasicTimer>
#include <QElapsedTimer>
#include <QObject>

#include <memory>
#include <optional>

namespace Switchyard {

// One request for a message and its answer, whatever number of upstream attempts it takes. The
// configuration it began with is the one it ends with. There is one place that ends it: end().
class Exchange final : public QObject, private UpstreamObserver, private ResponseObserver
{
    Q_OBJECT

public:
    Exchange(ExchangeHost &host, quint64 id, ExchangeConfigPtr config, Endpoint endpoint,
             InboundRequest request, ResponseWriter writer);
    ~Exchange() override;

    void start();
    // The grace time is over: ends with an error the client may retry.
    void shutDown();

protected:
    void timerEvent(QTimerEvent *event) override;

private:
    enum class Phase {
        Preparing,
        AwaitingHead, // sent; the upstream is silent
        AwaitingBody, // head of a 200 is here, its kind not yet known
        ReadingError,
        ReadingMessage, // JSON, collected whole
        Streaming,
        Assembling, // a stream that must become one message, collected whole
        Backoff, // before the next attempt
        Reciting, // the offline backend's own stream
        Draining, // answered; the upstream's last bytes keep its connection reusable
        Over,
    };

    // How it ended; exactly one per exchange.
    enum class End {
        Completed,
        ClientClosed,
        Rejected,
        UpstreamError,
        UpstreamTimeout,
        Truncated,
        ShutDown,
    };

    // UpstreamObserver
    void upstreamHead(int status, const Headers &headers) override;
    void upstreamData(QByteArrayView bytes) override;
    void upstreamFinished(const UpstreamOutcome &outcome) override;
    // ResponseObserver
    void clientGone() override;
    void clientDrained() override;

    std::optional<ApiError> prepare();
    void sendAttempt();
    void answerLocally();
    void reciteNextFrame();

    void recogniseBody(QByteArrayView bytes);
    void collect(QByteArrayView bytes);
    void translate(QByteArrayView bytes);
    void passOn(QByteArrayView frames);
    void followTranslator();
    void finishStream(const UpstreamOutcome &outcome);
    void finishMessage();
    void finishAssembly();
    void finishErrorAnswer();
    void answerMessage(const MessagesResponse &message);
    void failedBeforeAnswer(const AttemptFailure &failure, const ApiError &error, End end);

    void openStream();
    void ping();
    void rejectWith(const ApiError &error);
    void failWith(ApiError error, End end);
    void end(End end);

    Headers answerHeaders(QByteArrayView contentType) const;
    void noteFirstByte();
    void publish();
    void setTimer(int milliseconds);

    ExchangeHost &m_host;
    ExchangeConfigPtr m_config;
    Endpoint m_endpoint;
    InboundRequest m_inbound;
    ResponseWriter m_writer;
    MessagesRequest m_request;
    const Backend *m_backend = nullptr;
    BackendSettings m_settings;
    PreparedAttempt m_attempt;

    Phase m_phase = Phase::Preparing;
    std::unique_ptr<UpstreamTransfer> m_transfer;
    bool m_upstreamPaused = false;
    int m_upstreamStatus = 0;
    Headers m_upstreamHeaders;
    QByteArray m_collected;
    std::unique_ptr<StreamTranslator> m_translator;
    std::optional<EchoAnswer> m_recital;
    qsizetype m_recitedFrames = 0;

    QElapsedTimer m_clock;
    qint64 m_lastWriteMs = 0;
    QBasicTimer m_timer;
    ExchangeRecord m_record;
    BatchSlot m_batchSlot;
};

} // namespace Switchyard
