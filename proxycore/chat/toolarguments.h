// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>

namespace Switchyard {

// The `arguments` of one tool call as they arrive in fragments (inner JSON text), in all the ways
// servers send them: pieces, one piece, an empty object first and then the pieces, or everything so
// far again in each fragment. What surely belongs to the arguments can be taken at once; where a
// fragment can be read in two ways the rest waits for the end.
class ToolArguments
{
public:
    enum class State { Open, Complete, Endless };

    void append(QByteArrayView fragment);

    // What can be handed out and was not yet. Empty while the meaning is open.
    QByteArrayView takeReady();
    // The rest, once there are no more fragments. False when the whole is no JSON object.
    bool finish(QByteArrayView *rest);

    // Complete: the object has been closed and nothing in doubt waits.
    State state() const;
    // Whether an object has been closed, be it the last word or not.
    bool isClosed() const { return m_closed; }
    // Whether the fragment says nothing that was not said.
    bool repeats(QByteArrayView fragment) const;

private:
    void scan(QByteArrayView fragment);

    QByteArray m_received; // every fragment, one after the other
    QByteArray m_last; // the last one, when they repeat what came before
    qsizetype m_taken = 0;
    bool m_ambiguous = false;

    // Where the text stands after what was received.
    bool m_inString = false;
    bool m_escaped = false;
    int m_depth = 0;
    bool m_closed = false;
    int m_blanks = 0; // white space outside of strings without anything else
};

} // namespace Switchyard
