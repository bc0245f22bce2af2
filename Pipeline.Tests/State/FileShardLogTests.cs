using Microsoft.Extensions.Logging;
using Pipeline.Actors;
using Pipeline.Host.State;
using Pipeline.Host.Wire;
using Pipeline.Models.Signals;
using Pipeline.Tests.Kafka;
using Pipeline.Tests.Support;
using Xunit;

namespace Pipeline.Tests.State;

/// <summary>Checkpoints in a local file.</summary>
public sealed class FileShardLogTests : ShardLogContract, IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly ManualTimeProvider _time = new();
    private readonly ListLogger<FileShardLog> _logged = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_checkpoint_that_was_cut_off_at_any_byte_is_not_seen()
    {
        byte[] file, before, after;
        await using (var log = Log())
        {
            var lease = await AssignAsync(log, 0, "nothing:");
            await CommitAsync(log, Snapshots.Checkpoint(lease, 10, ["P1", "P2"]), CommitOutcome.Committed);
            before = Read("-wal");
            await CommitAsync(log, Snapshots.Checkpoint(lease, 20, ["P1", "P3"], "P2"), CommitOutcome.Committed);
            (file, after) = (Read(""), Read("-wal"));
        }
        Assert.True(after.AsSpan().StartsWith(before) && after.Length > before.Length, "the second checkpoint was appended");

        for (var length = before.Length; length < after.Length; length += 397)
            Assert.Equal("10 P1@10 P2@10", Content(file, after[..length]));
        Assert.Equal("10 P1@10 P2@10", Content(file, after[..^1]));
        Assert.Equal("20 P1@20 P3@20", Content(file, after));
    }

    [Fact]
    public async Task A_file_that_is_away_is_waited_for_told_and_never_made_anew()
    {
        await using var log = Log();
        var lease = await AssignAsync(log, 0, "nothing:");
        await CommitAsync(log, Snapshots.Checkpoint(lease, 1, ["P1"]), CommitOutcome.Committed);
        var path = Path.Combine(_folder.Path, CheckpointFile.Name);
        File.Move(path, path + ".away");

        var committing = log.CommitAsync(Snapshots.Checkpoint(lease, 2, ["P2"]), CancellationToken.None);
        await _time.TimerSet.WaitAsync(Patience);
        Assert.Contains("is missing", log.Fault, StringComparison.Ordinal);
        _time.Advance(TimeSpan.FromSeconds(20));
        await _time.TimerSet.WaitAsync(Patience);
        Assert.False(committing.IsCompleted);
        Assert.False(File.Exists(path));
        File.Move(path + ".away", path);
        await RetryUntilAsync(committing);

        Assert.Equal(CommitOutcome.Committed, await committing);
        Assert.Null(log.Fault);
        Assert.Single(_logged.At(LogLevel.Error));
        Assert.Contains("can be used again", Assert.Single(_logged.At(LogLevel.Information)), StringComparison.Ordinal);
        await AssignAsync(log, 0, "2: P1@1 P2@2");
    }

    [Fact]
    public async Task A_full_disk_is_told_keeps_the_last_checkpoint_and_takes_the_next_that_fits()
    {
        await using var log = FileShardLog.Open(new CheckpointFolder(_folder.Path, maxPages: 40), new MemoryPatients(), _logged, _time);
        var lease = await AssignAsync(log, 0, "nothing:");
        await CommitAsync(log, Snapshots.Checkpoint(lease, 1, ["P1"]), CommitOutcome.Committed);
        var large = Snapshots.Checkpoint(lease, 2, []) with { Changed = [Snapshots.Of("P2", 0, 2, size: 400_000)] };

        var committing = log.CommitAsync(large, CancellationToken.None);
        await _time.TimerSet.WaitAsync(Patience);
        Assert.Contains("full", log.Fault, StringComparison.Ordinal);
        var back = log.AssignAsync(0, 0, null, CancellationToken.None);     // the owner that waits has lost its shard by the next attempt
        await RetryUntilAsync(back);

        Assert.Equal(CommitOutcome.Fenced, await committing.WaitAsync(Patience));
        Assert.Equal("1: P1@1", Text(log, await back.WaitAsync(Patience)));
        await CommitAsync(log, Snapshots.Checkpoint((await back).Lease, 3, ["P3"]), CommitOutcome.Committed);
        Assert.Null(log.Fault);
        await AssignAsync(log, 0, "3: P1@1 P3@3");
    }

    [Fact]
    public async Task A_folder_that_another_process_has_is_refused_and_free_when_that_ends()
    {
        await using (Log())
            Assert.Contains($"'{_folder.Path}' cannot be used", Assert.Throws<IOException>(Log).Message, StringComparison.Ordinal);

        await using var next = Log();
        await AssignAsync(next, 0, "nothing:");
    }

    [Fact]
    public async Task A_snapshot_that_cannot_be_read_is_named_and_so_is_a_damaged_file()
    {
        await using (var log = Log())
        {
            var lease = await AssignAsync(log, 0, "nothing:");
            var large = Enumerable.Range(1, 20).Select(i => Snapshots.Of($"P{i}", 0, i, size: 20_000));
            await CommitAsync(log, Snapshots.Checkpoint(lease, 20, []) with { Changed = [.. large] }, CommitOutcome.Committed);
        }
        var path = Path.Combine(_folder.Path, CheckpointFile.Name);
        var whole = File.ReadAllBytes(path);
        // From the middle: the beginning of a row is copied when its page is split, and the old copy stays in the file.
        var at = whole.AsSpan().IndexOf(Snapshots.Of("P7", 0, 7, size: 20_000).Devices[0].Stream.Blocks[0].Bytes.Span.Slice(10_000, 64));
        Assert.True(at > 0);

        File.WriteAllBytes(path, [.. whole[..at], (byte)~whole[at], .. whole[(at + 1)..]]);
        await using (var log = Log())
            Assert.Equal("P7", Assert.Single((await log.AssignAsync(0, 0, null, CancellationToken.None).WaitAsync(Patience)).Refused).Patient);

        File.WriteAllBytes(path, [.. whole[..4096], .. new byte[whole.Length - 4096]]);
        await using (var log = Log())
        {
            var restored = await log.AssignAsync(0, 0, null, CancellationToken.None).WaitAsync(Patience);
            Assert.Contains("damaged", Assert.Single(restored.Refused).Reason, StringComparison.Ordinal);
        }

        File.WriteAllBytes(path, new byte[5000]);
        Assert.Contains("damaged", Assert.Throws<IOException>(Log).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_waits_when_the_log_ends_is_cancelled()
    {
        var log = Log();
        var lease = await AssignAsync(log, 0, "nothing:");
        File.Move(Path.Combine(_folder.Path, CheckpointFile.Name), Path.Combine(_folder.Path, "away"));
        var retried = log.CommitAsync(Snapshots.Checkpoint(lease, 1, ["P1"]), CancellationToken.None);
        await _time.TimerSet.WaitAsync(Patience);
        var queued = log.AssignAsync(1, 0, null, CancellationToken.None);

        await log.DisposeAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => retried.WaitAsync(Patience));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => queued.WaitAsync(Patience));
    }

    [Fact]
    public async Task The_marks_of_a_folder_are_read_without_a_log()
    {
        Assert.Empty(FileShardLog.ReadMarks(_folder.Path));
        await using (var log = Log())
            foreach (var shard in (int[])[1, 4])
            {
                var lease = await AssignAsync(log, shard, "nothing:");
                await CommitAsync(log, Snapshots.Checkpoint(lease, 10 * shard, ["P1"]) with { Time = new Timestamp(shard) }, CommitOutcome.Committed);
            }

        var marks = FileShardLog.ReadMarks(_folder.Path);

        Assert.Equal((10, new Timestamp(1)), (marks[1].Through.Offset, marks[1].Time!.Value));
        Assert.Equal((40, new Timestamp(4)), (marks[4].Through.Offset, marks[4].Time!.Value));
        Assert.Equal(2, marks.Count);
    }

    private protected override Task<IShardLog> OpenAsync() => Task.FromResult<IShardLog>(Log());

    private FileShardLog Log() => FileShardLog.Open(_folder.Path, new MemoryPatients(), _logged, _time);

    /// <summary>Lets time pass, one back-off after the other.</summary>
    private async Task RetryUntilAsync(Task done)
    {
        while (!done.IsCompleted)
        {
            _time.Advance(TimeSpan.FromSeconds(20));
            await Task.WhenAny(done, _time.TimerSet.WaitAsync(Patience));
        }
    }

    private byte[] Read(string suffix)
    {
        using var file = new FileStream(Path.Combine(_folder.Path, CheckpointFile.Name + suffix), FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        var bytes = new byte[file.Length];
        file.ReadExactly(bytes);
        return bytes;
    }

    /// <summary>What a process that starts now would see of shard 0, if file and log were these.</summary>
    private static string Content(byte[] file, byte[] log)
    {
        using var folder = new TemporaryFolder();
        folder.Write(CheckpointFile.Name, file);
        folder.Write(CheckpointFile.Name + "-wal", log);
        using var opened = CheckpointFile.Open(folder.Path, mayCreate: false);
        var patients = new List<string>();
        var mark = opened.Read(0, (patient, snapshot, _) => patients.Add($"{patient}@{SnapshotCodec.Decode(snapshot, out var _)!.Applied.Offset}"));
        return $"{SnapshotCodec.DecodeMark(mark, out _)?.Through.Offset} {string.Join(' ', patients.Order(StringComparer.Ordinal))}";
    }
}
