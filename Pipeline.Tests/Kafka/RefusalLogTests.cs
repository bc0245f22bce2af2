using System.Text;
using Microsoft.Extensions.Logging;
using Pipeline.Actors;
using Pipeline.Host.Kafka;
using Pipeline.Host.Wire;
using Pipeline.Models.Signals;
using Pipeline.Tests.Support;
using Xunit;

namespace Pipeline.Tests.Kafka;

/// <summary>What operators are told of refused records and of patients in two partitions: enough to find the sender, and not a line for each.</summary>
public sealed class RefusalLogTests
{
    private readonly ManualTimeProvider _time = new();
    private readonly ListLogger<RefusalLog> _log = new();

    [Fact]
    public void The_first_record_of_a_reason_is_named_with_bed_partition_and_offset_and_the_others_of_the_minute_are_counted()
    {
        var refusals = new RefusalLog(_log, _time);
        var cut = SampleEncoder.Encode(Chunks.Of(0, 80, "P7", bed: "icu-7"))[..^3];

        for (var offset = 100; offset < 150; offset++)
            refusals.Note([Letter(offset, $"not a sample chunk: ends at byte {offset}", cut), Letter(offset, "no value", [])]);

        Assert.Equal(
            [
                "A record was refused: samples partition 3 offset 100, patient P7, bed icu-7 (decode: not a sample chunk: ends at byte 100). ./pipeline dead-letters list shows it",
                "A record was refused: samples partition 3 offset 100, patient P7, bed unknown (decode: no value). ./pipeline dead-letters list shows it",
            ],
            _log.At(LogLevel.Warning));
        _time.Advance(TimeSpan.FromSeconds(61));
        refusals.Note([Letter(150, "no value", [])]);
        Assert.EndsWith("(decode: no value); 49 more for this reason since the last line. ./pipeline dead-letters list shows it", _log.At(LogLevel.Warning)[2], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Anna Schmidt", "whose key is no pseudonym")]
    [InlineData("", "without a key")]
    public void A_key_that_is_no_pseudonym_does_not_show_in_the_log(string key, string shown)
    {
        new RefusalLog(_log, _time).Note([Letter(1, "the patient has a space", []) with { Key = Encoding.UTF8.GetBytes(key) }]);

        Assert.Contains($"patient {shown}, bed unknown", Assert.Single(_log.At(LogLevel.Warning)), StringComparison.Ordinal);
    }

    [Fact]
    public void A_flood_of_different_reasons_keeps_no_more_than_some_of_them()
    {
        var refusals = new RefusalLog(_log, _time);

        for (var i = 0; i < 2_000; i++)
            refusals.Note([Letter(i, new string((char)('a' + i % 26), 1 + i / 26), [])]);
        refusals.Note([Letter(1, "line\nbreak", []), Letter(1, new string('x', 100_000), [])]);

        Assert.All(_log.At(LogLevel.Warning), line => Assert.True(line.Length < 1_000 && !line.Contains('\n', StringComparison.Ordinal)));
    }

    [Fact]
    public void A_patient_in_two_partitions_is_told_once_and_a_ward_of_them_in_one_line_a_minute()
    {
        var log = new ListLogger<PlacementLog>();
        var placements = new PlacementLog(log, _time);

        for (var round = 0; round < 5; round++)
            for (var patient = 0; patient < 100; patient++)
                placements.Note(new PatientId($"P{patient}"), 2, 5);
        _time.Advance(TimeSpan.FromMinutes(2));
        placements.Note(new PatientId("Q"), 1, 3);

        Assert.Equal(2, log.At(LogLevel.Error).Count);
        Assert.StartsWith("Patient P0 comes in two partitions, 2 and 5:", log.At(LogLevel.Error)[0], StringComparison.Ordinal);
        Assert.EndsWith("; so do 99 more patients since the last line", log.At(LogLevel.Error)[1], StringComparison.Ordinal);
    }

    private static DeadLetter Letter(long offset, string reason, byte[] payload) =>
        new("decode", reason, new Origin("samples", 3, offset), Encoding.UTF8.GetBytes("P7"), payload);
}
