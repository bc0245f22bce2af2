using Pipeline.Host.Configuration;
using Pipeline.Host.Kafka;
using Xunit;

namespace Pipeline.Tests.Kafka;

public sealed class KafkaOptionsTests
{
    [Theory]
    [InlineData("sasl_mechanism", "SCRAM-SHA-512", null)]
    [InlineData("SECURITY_PROTOCOL", "SASL_SSL", null)]
    [InlineData("queued.max.messages.kbytes", "4096", null)]
    [InlineData("no.such.thing", "1", "No such configuration property: \"no.such.thing\"")]
    [InlineData("queued.max.messages.kbytes", "many", "Invalid value for configuration property \"queued.max.messages.kbytes\"")]
    [InlineData("security.protocol", "magic", "Invalid value \"magic\" for configuration property \"security.protocol\"")]
    [InlineData("enable.auto.commit", "true", "offsets are committed when output is acknowledged")]
    [InlineData("group_id", "other", "set by BootstrapServers, GroupId")]
    public void A_property_is_checked_by_the_client_library_itself(string key, string value, string? fault)
    {
        var found = Settings.FindFaults(new KafkaOptions { Properties = { [key] = value, ["sasl.password"] = "secret-word" } }, KafkaOptions.Section).ToArray();

        if (fault is null)
        {
            Assert.Empty(found);
            return;
        }
        Assert.Contains(fault, Assert.Single(found), StringComparison.Ordinal);
        Assert.DoesNotContain("secret-word", found[0], StringComparison.Ordinal);
    }

    [Fact]
    public void Topics_need_names_of_their_own() =>
        Assert.Contains("four names", Assert.Single(Settings.FindFaults(new KafkaOptions { ResultsTopic = "pipeline.samples" }, KafkaOptions.Section)), StringComparison.Ordinal);

    [Fact]
    public void Options_replace_what_the_pipeline_sets_and_the_new_group_protocol_sheds_what_it_refuses()
    {
        var options = new KafkaOptions
        {
            GroupProtocol = GroupProtocolKind.Consumer,
            GroupInstanceId = "ward-a",
            Properties = { ["client_id"] = "ward-3" },
            ConsumerProperties = { ["session.timeout.ms"] = "9000" },
            ProducerProperties = { ["linger_ms"] = "1" },
        };

        var consumer = ClientSettings.Consumer(options);

        Assert.Equal(("ward-3", "consumer", "ward-a"), (consumer["client.id"], consumer["group.protocol"], consumer["group.instance.id"]));
        Assert.False(ClientSettings.Reader(options).ContainsKey("group.instance.id"));
        Assert.Equal("classic", ClientSettings.Consumer(new KafkaOptions())["group.protocol"]);
        Assert.False(consumer.ContainsKey("partition.assignment.strategy") || consumer.ContainsKey("session.timeout.ms"));
        Assert.Equal(("1", "murmur2_random", "0"), (ClientSettings.Producer(options)["linger.ms"], ClientSettings.Producer(options)["partitioner"], ClientSettings.Producer(options)["message.timeout.ms"]));
    }
}
