using Akka.Actor;
using Akka.Configuration;
using Akka.Dispatch;
using Akka.Dispatch.MessageQueues;

namespace Pipeline.Actors;

/// <summary>
/// Mailboxes of patients' entities. Akka's own keeps room for 32 messages, most of what an idle entity would take; a patient seldom has
/// more than one, and this keeps none while it is empty. Unbounded as Akka's: what waits here is bounded by the partition's graph.
/// </summary>
public sealed class SmallMailbox(Settings settings, Config config) : MailboxType(settings, config), IProducesMessageQueue<SmallMailboxMessages>
{
    /// <inheritdoc/>
    public override IMessageQueue Create(IActorRef owner, ActorSystem system) => new SmallMailboxMessages();
}

/// <summary>The messages of one entity. Thread-safe.</summary>
public sealed class SmallMailboxMessages : IMessageQueue, IUnboundedMessageQueueSemantics
{
    private readonly Lock _lock = new();
    private Envelope _first;
    private Queue<Envelope>? _others;       // behind the first
    private int _count;

    /// <inheritdoc/>
    public bool HasMessages => Volatile.Read(ref _count) > 0;

    /// <inheritdoc/>
    public int Count => Volatile.Read(ref _count);

    /// <inheritdoc/>
    public void Enqueue(IActorRef receiver, Envelope envelope)
    {
        lock (_lock)
            if (_count++ == 0)
                _first = envelope;
            else
                (_others ??= new Queue<Envelope>()).Enqueue(envelope);
    }

    /// <inheritdoc/>
    public bool TryDequeue(out Envelope envelope)
    {
        lock (_lock)
        {
            envelope = _first;
            if (_count == 0)
                return false;
            if (--_count > 0)
                _first = _others!.Dequeue();    // there is one: they are counted
            else
                (_first, _others) = (default, null);
            return true;
        }
    }

    /// <inheritdoc/>
    public void CleanUp(IActorRef owner, IMessageQueue deadletters)
    {
        while (TryDequeue(out var left))
            deadletters.Enqueue(owner, left);
    }
}
