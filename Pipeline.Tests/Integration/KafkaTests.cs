using System.Text;
using Confluent.Kafka;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Pipeline.Actors;
using Pipeline.Host.Diagnosis;
using Pipeline.Host.Kafka;
using Pipeline.Host.Wire;
using Pipeline.Tests.Kafka;
using Pipeline.Tests.Support;
using Xunit;

namespace Pipeline.Tests.Integration;

/// <summary>The Kafka edge against a real broker.</summary>
[Collection(nameof(KafkaServer))]
[Trait("Category", "Integration")]
public sealed class KafkaTests(KafkaServer server)
{
    [SkippableFact]
    public async Task Topics_are_created_as_wanted_and_a_difference_is_named()
    {
        var options = await server.PrepareAsync();
        var states = await Topics.ExamineAsync(options, TimeProvider.System, CancellationToken.None);
        Assert.All(states, state => Assert.True(state.IsGood, string.Join("; ", state.Differences)));
        Assert.Equal([4, 4, 4, 4, 4, 4], states.Select(state => state.Partitions));

        var other = options.Copy();
        (other.Partitions, other.Retention) = (6, TimeSpan.FromDays(1));
        var differing = await Topics.ExamineAsync(other, TimeProvider.System, CancellationToken.None);
        Assert.Equal(["4 partitions, 6 wanted", "retention.ms is 604800000, 86400000 wanted"], differing[0].Differences);

        other.Partitions = 4;
        await Topics.MendAsync(other, differing, alter: true, TimeProvider.System);
        // The broker answers when the change is in the log, and shows it when it has read it there.
        var mended = await Topics.ExamineAsync(other, TimeProvider.System, CancellationToken.None);
        for (var again = 0; again < 100 && mended.Any(state => !state.IsGood); again++)
            mended = await Topics.ExamineAsync(other, TimeProvider.System, CancellationToken.None);
        Assert.All(mended, state => Assert.True(state.IsGood, string.Join("; ", state.Differences)));
    }

    [SkippableFact]
    public async Task What_is_published_is_acknowledged_and_committed_and_a_restart_continues()
    {
        var options = await server.PrepareAsync();
        await KafkaFlow.PublishAsync(options, patients: 6, from: 0, to: 20);
        await using (var first = KafkaFlow.Start(options))
        {
            await first.UntilAsync(sink => sink.Points.Count() == 6 * KafkaFlow.WindowsAfter(20));
            Assert.Equal(6 * 20, (await first.StopAsync())[Count.ChunksTaken]);
            Assert.All(first.Sink.Points, point => Assert.Equal(Murmur2.PartitionOf(point.Patient.Value, 4), point.Origin.Partition));
        }
        Assert.Equal(6 * 20, await KafkaFlow.CommittedAsync(options));
        await KafkaFlow.PublishAsync(options, patients: 6, from: 20, to: 30);

        await using var second = KafkaFlow.Start(options);
        await second.UntilAsync(sink => sink.Points.Count(point => point.WindowStart >= Chunks.Start.AddSeconds(20)) == 6 * KafkaFlow.WindowsAfter(10));

        Assert.Equal(6 * 10, (await second.StopAsync())[Count.Records]);
        Assert.Equal(6 * 30, await KafkaFlow.CommittedAsync(options));
    }

    [SkippableFact]
    public async Task A_broker_that_is_killed_is_waited_for_and_nothing_is_lost()
    {
        var options = await server.PrepareAsync();
        await using var flow = KafkaFlow.Start(options);
        await KafkaFlow.PublishAsync(options, patients: 4, from: 0, to: 10);
        await flow.UntilAsync(sink => sink.Points.Count() == 4 * KafkaFlow.WindowsAfter(10));

        await server.KillAsync();
        var publishing = KafkaFlow.PublishAsync(options, patients: 4, from: 10, to: 30);
        await server.RestartAsync();
        await publishing;
        await flow.UntilAsync(sink => sink.Points.Select(ResultIdentityOf).Distinct().Count() == 4 * KafkaFlow.WindowsAfter(30));
        await flow.StopAsync();

        Assert.Equal(4 * 30, await KafkaFlow.CommittedAsync(options));
        Assert.Empty(flow.Log.At(LogLevel.Error));
    }

    [SkippableFact]
    public async Task A_topic_that_is_missing_is_named_and_waited_for()
    {
        var options = server.Options();
        options.ConsumerProperties["topic.metadata.refresh.interval.ms"] = "300";
        await using var flow = KafkaFlow.Start(options);
        await flow.UntilFaultAsync();
        Assert.Contains("run ./pipeline topics", flow.Source.Health.Fault, StringComparison.Ordinal);

        await Topics.MendAsync(options, await Topics.ExamineAsync(options, TimeProvider.System, CancellationToken.None), alter: false, TimeProvider.System);
        await KafkaFlow.PublishAsync(options, patients: 1, from: 0, to: 8);
        await flow.UntilAsync(sink => sink.Points.Any());

        Assert.Null(flow.Source.Health.Fault);
    }

    [SkippableFact]
    public async Task Sasl_over_tls_is_spoken_and_a_wrong_password_is_named()
    {
        var options = server.Secured(await server.PrepareAsync());
        await KafkaFlow.PublishAsync(options, patients: 2, from: 0, to: 8);
        await using (var flow = KafkaFlow.Start(options))
            await flow.UntilAsync(sink => sink.Points.Count() == 2);

        options.Properties["sasl.password"] = "not-the-password";
        var fault = await Assert.ThrowsAsync<KafkaException>(() => Topics.ExamineAsync(options, TimeProvider.System, CancellationToken.None));
        Assert.Contains("User or password is refused: check Kafka:Properties:sasl.username", fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("not-the-password", fault.Message, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task Dead_letters_are_listed_once_and_mended_ones_sent_again()
    {
        var options = await server.PrepareAsync();
        var good = Chunks.Of(0, 80, patient: "P7");
        var broken = SampleEncoder.Encode(good)[..^3];
        await using (var publisher = new KafkaPublisher(options, NullLogger<KafkaPublisher>.Instance, TimeProvider.System))
        {
            await publisher.PublishAsync("P7"u8.ToArray(), broken, CancellationToken.None);
            await publisher.FlushAsync(CancellationToken.None);
        }
        using var metrics = new KafkaMetrics();
        DeadLetterSink Letters() => new(options, metrics, NullLogger<DeadLetterSink>.Instance, TimeProvider.System);
        await using var flow = KafkaFlow.Start(options, null, null, null, Letters(), new ResultsTopicSink(options, metrics, NullLogger<ResultsTopicSink>.Instance, TimeProvider.System));
        await flow.UntilAsync(sink => sink.DeadLetters.Any());
        await using (var again = Letters())
            await again.WriteAsync([.. flow.Sink.DeadLetters], CancellationToken.None);   // as after a crash
        var box = new DeadLetterBox(options, TimeProvider.System);

        var listed = await KafkaFlow.ListedAsync(box, 1);
        var letter = Assert.Single(listed);
        Assert.Equal(("decode", "P7", broken.Length), (letter.Letter.Stage, Encoding.UTF8.GetString(letter.Letter.Key.Span), letter.Letter.Payload.Length));
        Assert.NotNull(Assert.Single(await box.ReplayAsync(listed, null, send: true, CancellationToken.None)).Refused);
        Assert.Null(Assert.Single(await box.ReplayAsync(listed, SampleEncoder.Encode(good), send: true, CancellationToken.None)).Refused);
        await flow.UntilAsync(sink => sink.Points.Count() == 1);
        await flow.StopAsync();

        Assert.True(Assert.Single(await box.ListAsync(CancellationToken.None)).IsReplayed);
        var result = Assert.Single(await TopicReading.ReadAllAsync(options, options.ResultsTopic));
        Assert.Equal(flow.Sink.Points.Single(), ResultCodec.Decode(result.Message.Value, out _));
    }

    [SkippableTheory]
    [InlineData("gzip")]
    [InlineData("snappy")]
    [InlineData("lz4")]
    [InlineData("zstd")]
    public async Task A_batch_of_any_compression_is_read(string codec)
    {
        var options = await server.PrepareAsync();
        options.ProducerProperties["compression.codec"] = codec;
        await KafkaFlow.PublishAsync(options, patients: 2, from: 0, to: 20);

        await using var flow = KafkaFlow.Start(options);
        await flow.UntilAsync(sink => sink.Points.Count() == 2 * KafkaFlow.WindowsAfter(20));
        await KafkaFlow.UntilCommittedAsync(options, 2 * 20);

        Assert.Empty(flow.Log.At(LogLevel.Warning));
    }

    [SkippableFact]
    public async Task A_batch_that_cannot_be_read_holds_its_partition_alone_and_is_named_with_its_lag()
    {
        var options = await server.PrepareAsync();
        options.ProducerProperties["compression.codec"] = "zstd";
        await KafkaFlow.PublishAsync(options, patients: 8, from: 0, to: 10);
        var broken = Murmur2.PartitionOf("P0", 4);
        Damage(Directory.GetFiles(server.PartitionFolder(options.SamplesTopic, broken), "*.log").Single());

        await using var flow = KafkaFlow.Start(options);
        var others = Enumerable.Range(0, 8).Count(patient => Murmur2.PartitionOf($"P{patient}", 4) != broken);
        await flow.UntilAsync(sink => sink.Points.Count() == others * KafkaFlow.WindowsAfter(10));
        await flow.UntilLagAsync((8 - others) * 10);
        await flow.UntilNotReadyAsync();

        Assert.Contains($"partition {broken}: cannot be read from offset 0 on", flow.Source.Fault, StringComparison.Ordinal);
        Assert.DoesNotContain("Is Kafka up", flow.Source.Fault, StringComparison.Ordinal);
        await KafkaFlow.PublishAsync(options, patients: 8, from: 10, to: 20);
        await KafkaFlow.UntilCommittedAsync(options, others * 20);
        Assert.All(flow.Sink.Points, point => Assert.NotEqual(broken, point.Origin.Partition));
        Assert.Single(flow.Log.At(LogLevel.Error));     // not one each time

        // The frame's magic number of the first batch: its records begin at byte 61.
        static void Damage(string log)
        {
            using var file = new FileStream(log, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
            file.Position = 61;
            file.Write([0, 0, 0, 0]);
        }
    }

    [SkippableTheory]
    [InlineData(null)]
    [InlineData("20000")]
    public async Task A_dead_letter_that_fits_into_no_record_is_cut_and_the_partition_goes_on(string? most)
    {
        var options = await server.PrepareAsync();
        using (var admin = new KafkaAdmin(options, TimeProvider.System))
            if (most is not null)
                await admin.AlterAsync(options.DeadLettersTopic, new Dictionary<string, string> { ["max.message.bytes"] = most });
        var (key, value) = (new byte[450_000], new byte[480_000]);
        new Random(1).NextBytes(key);
        new Random(2).NextBytes(value);
        await KafkaFlow.PublishAsync(options, patients: 4, from: 0, to: 10);
        await using (var publisher = new KafkaPublisher(options, NullLogger<KafkaPublisher>.Instance, TimeProvider.System))
        {
            await publisher.PublishAsync(key, value, CancellationToken.None);
            await publisher.PublishAsync("P0"u8.ToArray(), value, CancellationToken.None);
            await publisher.FlushAsync(CancellationToken.None);
        }
        using var metrics = new KafkaMetrics();
        var sink = new DeadLetterSink(options, metrics, NullLogger<DeadLetterSink>.Instance, TimeProvider.System);
        await using var flow = KafkaFlow.Start(options, null, null, null, sink);

        await KafkaFlow.UntilCommittedAsync(options, 4 * 10 + 2);

        Assert.Null(sink.Undelivered);
        var letters = await KafkaFlow.ListedAsync(new DeadLetterBox(options, TimeProvider.System), 2);
        Assert.Equal([DeadLetterCodec.MaxKeyBytes, 2], letters.Select(letter => letter.Letter.Key.Length).OrderDescending());
        Assert.Equal(most is null ? [false, true] : [false, false], letters.Select(letter => letter.IsComplete).Order());
        var raw = (await TopicReading.ReadAllAsync(options, options.DeadLettersTopic)).Select(record => Pipeline.Host.Wire.V1.DeadLetter.Parser.ParseFrom(record.Message.Value)).ToList();
        Assert.All(raw, letter => Assert.Equal(480_000UL, letter.PayloadSize));
        Assert.Equal([2UL, 450_000UL], raw.Select(letter => letter.KeySize).Order());
        Assert.Contains(raw, letter => letter.KeySha256.Span.SequenceEqual(System.Security.Cryptography.SHA256.HashData(key)));
        Assert.All(raw.Where(letter => letter.Payload.Length < 480_000), letter => Assert.Equal(System.Security.Cryptography.SHA256.HashData(value), letter.PayloadSha256.ToByteArray()));
    }

    [SkippableFact]
    public async Task Doctor_finds_what_is_missing_and_then_nothing()
    {
        var options = server.Options();
        var before = await FindingsAsync(options);
        Assert.Contains(before, finding => finding is { Verdict: Verdict.Fail, Mend: "run ./pipeline topics" });

        await Topics.MendAsync(options, await Topics.ExamineAsync(options, TimeProvider.System, CancellationToken.None), alter: false, TimeProvider.System);
        await KafkaFlow.PublishAsync(options, patients: 2, from: 0, to: 2);

        var after = await FindingsAsync(options);
        Assert.All(after, finding => Assert.True(finding.Verdict == Verdict.Ok, $"{finding.Check}: {finding.Found}"));
        Assert.Equal(["Kafka", "Kafka topics", "Kafka rights", "Kafka state", "Kafka clocks"], after.Select(finding => finding.Check));
    }

    [SkippableFact]
    public async Task Doctor_names_the_group_that_the_user_may_not_see()
    {
        var options = await server.PrepareAsync();
        await server.DenyGroupAsync(options.GroupId);

        var rights = Assert.Single(await FindingsAsync(server.Secured(options)), finding => finding.Check == "Kafka rights");

        Assert.Equal((Verdict.Fail, $"the user may not see group {options.GroupId}"), (rights.Verdict, rights.Found));
        Assert.StartsWith("grant Read on it", rights.Mend, StringComparison.Ordinal);
        Assert.Contains($"--group {options.GroupId}", rights.Mend, StringComparison.Ordinal);
    }

    private static async Task<List<Finding>> FindingsAsync(KafkaOptions options)
    {
        var findings = new List<Finding>();
        await foreach (var finding in KafkaExamination.RunAsync(options, TimeProvider.System, CancellationToken.None))
            findings.Add(finding);
        return findings;
    }

    private static (string, long) ResultIdentityOf(VitalPoint point) => (point.Patient.Value, point.WindowId);
}
