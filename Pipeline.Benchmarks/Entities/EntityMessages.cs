using System.Diagnostics;
using System.Threading.Channels;
using Pipeline.Actors;

namespace Pipeline.Benchmarks.Entities;

/// <summary>A message for an entity: whose it is, and an int.</summary>
internal readonly record struct EntityMessage(string Id, int Value);

/// <summary>
/// Messages from one thread to entities that live on another: through the product's mailbox, taken and looked up as its shard does it, and
/// beside it through a bounded channel of the runtime, message by message, as a plain program would.
/// </summary>
internal sealed class EntityMessages
{
    private const int PostCount = 64;
    private const int TakeCount = 64;       // as the shard's loop
    private readonly EntityMessage[] _order;
    private readonly Dictionary<string, Entity> _entities = new(StringComparer.Ordinal);

    /// <summary>Messages go to the entities in a shuffled order, which repeats.</summary>
    public EntityMessages(int entities)
    {
        var ids = Enumerable.Range(0, entities).Select(i => $"P-{i:00000}").ToArray();
        new Random(1).Shuffle(ids);
        // Apart from the entities' own, as a decoder's would be; the low bits of the int say nothing about the entity.
        _order = [.. ids.Select((id, i) => new EntityMessage(new string(id), i * 7919))];
        foreach (var id in ids)
            _entities.Add(id, new Entity());
    }

    /// <summary>Seconds for <paramref name="count"/> messages through <see cref="Mailbox{T}"/>.</summary>
    public double ThroughMailbox(long count, int capacity)
    {
        var mailbox = new Mailbox<EntityMessage>(capacity);
        return Time(count, () => PostAsync(mailbox, count), () => TakeAsync(mailbox, count));
    }

    /// <summary>Seconds for <paramref name="count"/> messages through a <see cref="Channel{T}"/>.</summary>
    public double ThroughChannel(long count, int capacity)
    {
        var channel = Channel.CreateBounded<EntityMessage>(
            new BoundedChannelOptions(capacity) { SingleReader = true, SingleWriter = true, FullMode = BoundedChannelFullMode.Wait });
        return Time(count, () => PostAsync(channel.Writer, count), () => TakeAsync(channel.Reader));
    }

    private double Time(long count, Func<Task> post, Func<Task> take)
    {
        foreach (var entity in _entities.Values)
            entity.Clear();
        var start = Stopwatch.GetTimestamp();
        var taking = Task.Run(take);
        var posting = Task.Run(post);
        Task.WhenAll(taking, posting).GetAwaiter().GetResult();
        var seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        Check(count);
        return seconds;
    }

    private async Task PostAsync(Mailbox<EntityMessage> mailbox, long count)
    {
        for (long sent = 0; sent < count;)
        {
            var at = (int)(sent % _order.Length);
            var posted = mailbox.Post(_order.AsSpan(at, (int)Math.Min(Math.Min(PostCount, _order.Length - at), count - sent)));
            sent += posted;
            if (posted == 0)
                await mailbox.WaitForSpaceAsync(CancellationToken.None).ConfigureAwait(false);
        }
        mailbox.Complete();
    }

    private async Task TakeAsync(Mailbox<EntityMessage> mailbox, long count)
    {
        var taken = new EntityMessage[TakeCount];
        var found = new Entity[TakeCount];
        for (long done = 0; done < count;)
        {
            var some = mailbox.Take(taken);
            if (some == 0)
            {
                await mailbox.WaitAsync().ConfigureAwait(false);
                continue;
            }
            for (var i = 0; i < some; i++)      // all are looked up before the first is handled, as the shard does it
                found[i] = _entities[taken[i].Id];
            for (var i = 0; i < some; i++)
                found[i].Handle(taken[i].Value);
            done += some;
        }
    }

    private async Task PostAsync(ChannelWriter<EntityMessage> writer, long count)
    {
        for (long sent = 0; sent < count; sent++)
            await writer.WriteAsync(_order[sent % _order.Length]).ConfigureAwait(false);
        writer.Complete();
    }

    private async Task TakeAsync(ChannelReader<EntityMessage> reader)
    {
        while (await reader.WaitToReadAsync().ConfigureAwait(false))
            while (reader.TryRead(out var message))
                _entities[message.Id].Handle(message.Value);
    }

    /// <summary>Every message reached its entity, once.</summary>
    private void Check(long count)
    {
        for (var i = 0; i < _order.Length; i++)
        {
            var times = count / _order.Length + (i < count % _order.Length ? 1 : 0);
            if (_entities[_order[i].Id].Sum != times * _order[i].Value || _entities[_order[i].Id].Count != times)
                throw new InvalidOperationException($"Entity {_order[i].Id} got {_entities[_order[i].Id].Count} messages where {times} were sent.");
        }
    }

    private sealed class Entity
    {
        public long Count { get; private set; }

        public long Sum { get; private set; }

        public void Handle(int value)
        {
            Count++;
            Sum += value;
        }

        public void Clear() => (Count, Sum) = (0, 0);
    }
}
