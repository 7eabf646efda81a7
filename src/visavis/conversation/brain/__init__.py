"""What the replica says: context and history of a call, the choice of a language model, its answer in clauses.

Imports ports and the registry of engines, settings and the outgoing client. Knows no media, no wire event, no table:
the session feeds it turns and tells it what was heard.
"""

from visavis.conversation.brain.brain import Brain
from visavis.conversation.brain.context import Context
from visavis.conversation.brain.history import History
from visavis.conversation.brain.models import Choice, choose
from visavis.conversation.brain.sentences import ClauseSplitter

__all__ = ["Brain", "Choice", "ClauseSplitter", "Context", "History", "choose"]
