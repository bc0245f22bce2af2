using System.Runtime.Serialization;
using System.Text;
using Akka.Actor;
using Pipeline.Actors.Cluster;
using Pipeline.Models;
using Pipeline.Models.Signals;
using Pipeline.Tests.Support;
using Xunit;

namespace Pipeline.Tests.Cluster;

/// <summary>What may cross processes, and what not.</summary>
[Collection(nameof(ClusterNodeTests))]
public sealed class ClusterSerializationTests(ThreeProcesses three)
{
    private readonly TestNodes _nodes = three.Nodes;

    private Akka.Serialization.Serialization Serialization => _nodes[0].Current.System.Serialization;

    [Fact]
    public void Every_message_between_processes_is_read_as_it_was_written()
    {
        IWireMessage[] messages = [.. Messages];

        foreach (var message in messages)
        {
            var serializer = Assert.IsType<ClusterMessageSerializer>(Serialization.FindSerializerFor(message));
            var manifest = serializer.Manifest(message);
            var read = serializer.FromBinary(serializer.ToBinary(message), manifest);
            Assert.Equal(message.GetType(), read.GetType());
            Assert.Equal(Encoding.UTF8.GetString(serializer.ToBinary(message)), Encoding.UTF8.GetString(serializer.ToBinary(read)));
        }
        Assert.Equal(
            typeof(IWireMessage).Assembly.GetTypes().Where(type => type.IsClass && type.IsAssignableTo(typeof(IWireMessage))).OrderBy(type => type.Name),
            messages.Select(message => message.GetType()).Distinct().OrderBy(type => type.Name));
    }

    [Fact]
    public void A_message_of_the_record_path_or_any_other_type_cannot_be_sent()
    {
        Assert.ThrowsAny<Exception>(() => Serialization.Serialize(new Question(1, new PatientId("p"))));
        Assert.ThrowsAny<Exception>(() => Serialization.Serialize(new Version(1, 2)));
    }

    [Theory]
    [InlineData(1, "System.IO.FileInfo, System.Private.CoreLib")]
    [InlineData(2, "Google.Protobuf.WellKnownTypes.Any, Google.Protobuf")]
    [InlineData(3, "")]
    public void A_message_that_names_a_type_is_refused(int serializer, string manifest) =>
        Assert.Contains("not taken from other processes", Assert.Throws<SerializationException>(
            () => Serialization.Deserialize("{}"u8.ToArray(), serializer, manifest)).ToString(), StringComparison.Ordinal);

    [Fact]
    public void A_manifest_of_another_version_is_refused_by_name()
    {
        var serializer = new ClusterMessageSerializer((ExtendedActorSystem)_nodes[0].Current.System);

        Assert.Contains("'later?'", Assert.Throws<SerializationException>(() => serializer.FromBinary("{}"u8.ToArray(), "later?")).Message, StringComparison.Ordinal);
        Assert.Throws<SerializationException>(() => serializer.FromBinary("{"u8.ToArray(), "shard?"));
    }

    private static PatientReport Report => PatientReport.From([Points.Of(1), Points.Of(2, signal: SignalKind.Ppg, status: EstimateStatus.Gap)])!;

    private IEnumerable<IWireMessage> Messages =>
    [
        new ShardProbe(3),
        new ShardAnswer(3, _nodes[0].Address),
        new FormationQuestion(),
        new FormationAnswer([_nodes[0].Address]),
        new PatientQuestion("P/1"),
        new PatientAnswer(Report),
        new PatientAnswer(null),
        new PatientsQuestion(null),
        new PatientsAnswer([Report]),
        new PatientsHeld(["P/1", "ä"], [3, 7]),
        new StatusQuestion(),
        new StatusAnswer(new ProcessStatus([new ReadinessCheck("kafka", true, "3 partitions")], [new ShardStatus(3, ShardActivity.Restoring, 0.5, 7, 0.25, 1, 2, 3, TimeProvider.System.GetUtcNow())]), null),
        new SamplesWanted("P/1", 16),
        new SamplesUnwanted("P/1"),
        LiveSamples.From(Chunks.Of(0, 10, patient: "P/1"), 3, 2),
    ];
}
