using Google.Protobuf;
using Pipeline.Host.Wire;
using Pipeline.Models;
using Pipeline.Models.Signals;
using Pipeline.Models.State;
using Pipeline.Tests.Kafka;
using Xunit;
using V1 = Pipeline.Host.Wire.V1;

namespace Pipeline.Tests.State;

public sealed class SnapshotCodecTests
{
    [Fact]
    public void A_snapshot_comes_back_as_it_was()
    {
        var snapshot = Snapshot(3);

        var read = SnapshotCodec.Decode(SnapshotCodec.Encode(snapshot), out var refused);

        Assert.Null(refused);
        Assert.NotNull(read);
        Assert.Equal(snapshot.Patient, read.Patient);
        Assert.Equal(snapshot.Applied, read.Applied);
        foreach (var (was, found) in snapshot.Devices.Zip(read.Devices))
        {
            Assert.Equal(was with { Stream = found.Stream }, found);
            Assert.Equal(was.Stream with { Blocks = found.Stream.Blocks }, found.Stream);
            Assert.Equal(was.Stream.Blocks.Select(b => (b.Name, b.Version, b.Model, Convert.ToHexString(b.Bytes.Span))),
                found.Stream.Blocks.Select(b => (b.Name, b.Version, b.Model, Convert.ToHexString(b.Bytes.Span))));
        }
    }

    [Fact]
    public void A_newer_version_is_refused_with_both_versions_named()
    {
        var bytes = new V1.Snapshot { Version = SnapshotCodec.Version + 1, State = ByteString.CopyFromUtf8("what it may be") }.ToByteArray();

        Assert.Null(SnapshotCodec.Decode(bytes, out var refused));

        Assert.Equal("version 2 of the snapshot; this program reads 1 to 1", refused);
    }

    [Fact]
    public void A_newer_version_of_a_part_is_refused_with_both_versions_named()
    {
        var snapshot = Snapshot(3);
        var stream = snapshot.Devices[0].Stream;
        var newer = stream with { Blocks = [.. stream.Blocks.Select((b, i) => i == 0 ? b with { Version = 9 } : b)] };

        var restored = DeviceStream.Restore(WindowShape.Default, PatientRun.Stages, snapshot.Patient, newer, new StateTransfer(), out var told);

        Assert.Null(restored);
        Assert.Equal("state 'stream' has version 9; this program reads 1 to 1", told);
    }

    [Fact]
    public void Windows_of_another_shape_are_refused()
    {
        var snapshot = Snapshot(3);
        var other = new WindowShape(TimeSpan.FromSeconds(8), TimeSpan.FromSeconds(1));

        Assert.Null(DeviceStream.Restore(other, PatientRun.Stages, snapshot.Patient, snapshot.Devices[0].Stream, new StateTransfer(), out var told));

        Assert.Contains("every 00:00:02 where", told, StringComparison.Ordinal);
    }

    [Fact]
    public void A_stage_that_the_snapshot_does_not_know_begins_anew_and_is_named()
    {
        var snapshot = Snapshot(3);
        var stream = snapshot.Devices[0].Stream;
        var without = stream with { Blocks = [stream.Blocks[0]] };

        var restored = DeviceStream.Restore(WindowShape.Default, PatientRun.Stages, snapshot.Patient, without, new StateTransfer(), out var told);

        Assert.NotNull(restored);
        Assert.StartsWith("nothing of ", told, StringComparison.Ordinal);
    }

    [Fact]
    public void Damaged_bytes_are_refused()
    {
        var bytes = SnapshotCodec.Encode(Snapshot(5));
        var random = new Random(11);
        for (var i = 0; i < 3_000; i++)
        {
            var damaged = Mutation.Of(bytes, random);
            if (damaged.AsSpan().SequenceEqual(bytes))
                continue;
            // What the mutation leaves whole (a field that nobody knows was put in) may be read.
            if (SnapshotCodec.Decode(damaged, out var refused) is { } read)
                Assert.Equal(bytes, SnapshotCodec.Encode(read));
            else
                Assert.False(string.IsNullOrEmpty(refused));
        }
    }

    [Fact]
    public void Bytes_made_up_with_a_right_checksum_are_refused_or_do_no_harm()
    {
        var random = new Random(12);
        var (refusals, taken) = (0, 0);
        for (var seed = 0; seed < 12; seed++)
        {
            var chunks = RoughStream.Of(seed, seconds: 40);
            var run = new PatientRun();
            foreach (var chunk in chunks.Take(chunks.Count / 2))
                run.Take(chunk);
            var whole = V1.Snapshot.Parser.ParseFrom(SnapshotCodec.Encode(run.Capture(new StateTransfer()))).State.ToByteArray();
            for (var i = 0; i < 60; i++)
            {
                var state = Mutation.Of(whole, random);
                var made = new V1.Snapshot { Version = 1, Checksum = SnapshotCodec.Crc32C(state), State = ByteString.CopyFrom(state) };
                if (PatientRun.Restore(made.ToByteArray(), out var told) is not { } restored)
                {
                    Assert.False(string.IsNullOrEmpty(told));
                    refusals++;
                    continue;
                }
                taken++;
                foreach (var chunk in chunks.Skip(chunks.Count / 2).Take(20))
                    restored.Take(chunk);
            }
        }
        Assert.True(refusals > 100 && taken > 50, $"{refusals} refused, {taken} taken: the mutations tell nothing");
    }

    private static PatientSnapshot Snapshot(int seed)
    {
        var run = new PatientRun();
        foreach (var chunk in RoughStream.Of(seed, seconds: 30))
            run.Take(chunk);
        return run.Capture(new StateTransfer());
    }
}
