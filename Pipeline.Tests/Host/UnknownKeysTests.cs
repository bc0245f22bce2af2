using FsCheck;
using FsCheck.Fluent;
using Microsoft.Extensions.Configuration;
using Pipeline.Host.Configuration;
using Xunit;

namespace Pipeline.Tests.Host;

public sealed class UnknownKeysTests
{
    [Theory]
    [InlineData("Kafak:SamplesTopic", "Kafka:SamplesTopic")]
    [InlineData("Kafka:Bootstrap", "Kafka:BootstrapServers")]
    [InlineData("Kafka:Urls", "Web:Urls")]
    [InlineData("infux:tokenfile", "Influx:TokenFile")]
    [InlineData("Topology:WindowLenght", "Topology:WindowLength")]
    [InlineData("Kafka:Partitions:0", "Kafka:Partitions")]
    [InlineData("Web", "Web:Urls")]
    public void A_key_that_nothing_reads_is_named_with_the_nearest_that_there_is(string key, string nearest) =>
        Assert.Equal([$"{key} is no setting; the nearest is {nearest}"], UnknownKeys.Find(Of(key), Of()));

    [Theory]
    [InlineData("kafka:samplestopic")]
    [InlineData("Kafka:Properties:sasl.username")]
    [InlineData("Kafka:ConsumerProperties:session.timeout.ms")]
    [InlineData("Logging:LogLevel:Microsoft.AspNetCore")]
    [InlineData("Kestrel:Limits:MaxConcurrentConnections")]
    public void A_key_that_is_read_is_not(string key) => Assert.Empty(UnknownKeys.Find(Of(key), Of()));

    [Theory]
    [InlineData("PATH", false)]
    [InlineData("Kafka", false)]
    [InlineData("DOTNET:gcServer", false)]
    [InlineData("KAFKA_PORT_9092:TCP", false)]
    [InlineData("Kafka:SampelsTopic", true)]
    [InlineData("Kafak:SamplesTopic", true)]
    public void Of_environment_variables_those_count_that_are_nearly_a_setting(string key, bool isFault) =>
        Assert.Equal(isFault, UnknownKeys.Find(Of(key), Of(key)).Any());

    [Fact]
    public void The_distance_is_that_of_a_naive_count_for_single_edits_and_the_same_both_ways()
    {
        var texts = Gen.Elements("abcdefg".ToCharArray()).ListOf().Select(letters => new string([.. letters.Take(8)]));
        Prop.ForAll(texts.Zip(texts).ToArbitrary(), pair =>
        {
            var (a, b) = pair;
            var distance = UnknownKeys.Distance(a, b);
            return distance == UnknownKeys.Distance(b, a) && (distance == 0) == (a == b) && (distance == 1) == IsOneEdit(a, b) &&
                distance <= Math.Max(a.Length, b.Length) && distance >= Math.Abs(a.Length - b.Length);
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void The_distance_of_texts_that_are_one_edit_apart_is_one()
    {
        Assert.Equal(1, UnknownKeys.Distance("kafak", "kafka"));
        Assert.Equal(1, UnknownKeys.Distance("Url", "urls"));
        Assert.Equal(1, UnknownKeys.Distance("urlx", "urls"));
        Assert.Equal(2, UnknownKeys.Distance("rlus", "urls"));
    }

    /// <summary>Tries every insertion, replacement and swap.</summary>
    private static bool IsOneEdit(string a, string b)
    {
        if (a == b)
            return false;
        if (a.Length == b.Length)
            return Enumerable.Range(0, a.Length).Any(i => a.Remove(i, 1) == b.Remove(i, 1)) ||
                Enumerable.Range(0, Math.Max(0, a.Length - 1)).Any(i => a[..i] + a[i + 1] + a[i] + a[(i + 2)..] == b);
        var (shorter, longer) = a.Length < b.Length ? (a, b) : (b, a);
        return longer.Length == shorter.Length + 1 && Enumerable.Range(0, longer.Length).Any(i => longer.Remove(i, 1) == shorter);
    }

    private static IConfigurationRoot Of(params string[] keys) =>
        new ConfigurationBuilder().AddInMemoryCollection(keys.Select(key => new KeyValuePair<string, string?>(key, "x"))).Build();
}
