using Akka.Streams;
using Akka.Streams.Stage;

namespace Pipeline.Actors.Stages;

/// <summary>
/// The source of a partition's graph: out come the batches and barriers of <paramref name="feed"/>, one for each demand. Without demand the
/// feed fills, and its source pauses the partition. There is no Kafka in here: whoever feeds it has the consumer.
/// </summary>
internal sealed class PartitionSource(PartitionFeed feed) : GraphStage<SourceShape<PartitionElement>>
{
    private readonly Outlet<PartitionElement> _out = new("partition.out");

    public override SourceShape<PartitionElement> Shape => field ??= new SourceShape<PartitionElement>(_out);

    protected override GraphStageLogic CreateLogic(Attributes inheritedAttributes) => new Logic(this, feed);

    private sealed class Logic : OutGraphStageLogic
    {
        private readonly Outlet<PartitionElement> _out;
        private readonly PartitionFeed _feed;

        public Logic(PartitionSource source, PartitionFeed feed) : base(source.Shape)
        {
            (_out, _feed) = (source._out, feed);
            SetHandler(_out, this);
        }

        public override void PreStart() => _feed.Attach(GetAsyncCallback(OnWake));

        public override void OnPull() => PushNext();

        private void OnWake()
        {
            if (IsAvailable(_out))
                PushNext();
        }

        private void PushNext()
        {
            if (_feed.Take(out var isCompleted) is { } next)
                Push(_out, next);
            else if (isCompleted)
                CompleteStage();
        }
    }
}
