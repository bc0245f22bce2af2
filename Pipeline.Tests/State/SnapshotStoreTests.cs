using Microsoft.Extensions.Logging.Abstractions;
using Pipeline.Actors;
using Pipeline.Host.State;
using Pipeline.Models.Signals;
using Pipeline.Tests.Support;
using Xunit;

namespace Pipeline.Tests.State;

public sealed class SnapshotStoreTests
{
    [Fact]
    public void A_snapshot_is_found_again_replaced_and_forgotten()
    {
        using var folder = new TemporaryFolder();
        var path = Path.Combine(folder.Path, "sub", "snapshots.db");
        using (var store = SnapshotStore.OpenCache(path))
        {
            store.Apply(1, [("P1", [1, 2]), ("P2", [3])], [], null);
            store.Apply(2, [("P1", [9])], [], [7]);
            store.Apply(1, [("P1", [4, 5, 6])], [new PatientId("P2")], null);
        }

        using var again = SnapshotStore.OpenCache(path);

        Assert.Equal([4, 5, 6], again.Find(1, new PatientId("P1")));
        Assert.Null(again.Find(1, new PatientId("P2")));
        Assert.Equal([9], again.Find(2, new PatientId("P1")));
        Assert.Equal([7], again.Read(2).Mark);
        Assert.Single(again.Read(2).Snapshots);
        again.Clear(2);
        Assert.Null(again.Find(2, new PatientId("P1")));
        Assert.Equal([4, 5, 6], again.Find(1, new PatientId("P1")));
    }

    [Fact]
    public async Task A_log_cut_off_anywhere_gives_back_a_whole_checkpoint()
    {
        using var folder = new TemporaryFolder();
        var path = Path.Combine(folder.Path, "snapshots.db");
        var expected = new HashSet<string> { "nothing:" };
        byte[] file, log;
        using (var store = SnapshotStore.Open(path))
        {
            await using var shards = Log(store);
            var lease = (await shards.AssignAsync(0, null, CancellationToken.None)).Lease;
            for (var i = 1; i <= 12; i++)
            {
                string[] changed = [$"P{i % 5}", $"P{(i + 1) % 5}"];
                Assert.Equal(CommitOutcome.Committed, await shards.CommitAsync(Snapshots.Checkpoint(lease, i, changed, $"P{(i + 2) % 5}"), CancellationToken.None));
                expected.Add(Snapshots.Text(await Log(store).AssignAsync(0, null, CancellationToken.None)));
            }
            // As if the process had died here: what the disk has, and of the log any part.
            file = Bytes(path);
            log = Bytes(path + "-wal");
        }
        var random = new Random(4);
        var found = new HashSet<string>();
        for (var i = 0; i < 40; i++)
        {
            var cut = Path.Combine(folder.Path, $"cut{i}.db");
            File.WriteAllBytes(cut, file);
            File.WriteAllBytes(cut + "-wal", log[..random.Next(log.Length + 1)]);
            using var store = SnapshotStore.Open(cut);
            await using var shards = Log(store);
            found.Add(Snapshots.Text(await shards.AssignAsync(0, null, CancellationToken.None)));
        }

        Assert.Empty(found.Except(expected));
        Assert.True(found.Count > 3, string.Join(" | ", found));
    }

    [Fact]
    public void A_damaged_cache_begins_anew_and_a_damaged_log_is_named()
    {
        using var folder = new TemporaryFolder();
        var path = Path.Combine(folder.Path, "snapshots.db");
        File.WriteAllBytes(path, [.. Enumerable.Range(0, 5000).Select(i => (byte)(i * 7))]);

        Assert.Contains("damaged", Assert.Throws<IOException>(() => SnapshotStore.Open(path)).Message, StringComparison.Ordinal);
        using var cache = SnapshotStore.OpenCache(path);

        Assert.Empty(cache.Read(0).Snapshots);
    }

    [Fact]
    public void A_second_process_is_told_that_the_file_is_in_use()
    {
        using var folder = new TemporaryFolder();
        var path = Path.Combine(folder.Path, "snapshots.db");
        using var first = SnapshotStore.Open(path);

        Assert.Contains("another process", Assert.Throws<IOException>(() => SnapshotStore.Open(path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_shard_that_has_left_commits_nothing()
    {
        using var folder = new TemporaryFolder();
        using var store = SnapshotStore.Open(Path.Combine(folder.Path, "snapshots.db"));
        await using var log = Log(store);
        var left = (await log.AssignAsync(3, null, CancellationToken.None)).Lease;
        var back = (await log.AssignAsync(3, null, CancellationToken.None)).Lease;

        Assert.Equal(CommitOutcome.Fenced, await log.CommitAsync(Snapshots.Checkpoint(left, 1, ["P1"]), CancellationToken.None));
        Assert.Equal(CommitOutcome.Committed, await log.CommitAsync(Snapshots.Checkpoint(back, 2, ["P2"]), CancellationToken.None));
        log.Revoke(back);
        Assert.Equal(CommitOutcome.Fenced, await log.CommitAsync(Snapshots.Checkpoint(back, 3, ["P3"]), CancellationToken.None));

        Assert.Equal("2: P2@2", Snapshots.Text(await log.AssignAsync(3, null, CancellationToken.None)));
    }

    [Fact]
    public void The_file_does_not_grow_with_the_number_of_checkpoints()
    {
        using var folder = new TemporaryFolder();
        var path = Path.Combine(folder.Path, "snapshots.db");
        using var store = SnapshotStore.OpenCache(path);
        var random = new Random(5);
        for (var i = 0; i < 300; i++)
        {
            var value = new byte[20_000 + random.Next(2_000)];
            store.Apply(0, Enumerable.Range(0, 10).Select(p => ($"P{p}", value)), [], null);
        }

        Assert.True(Bytes(path).Length < 1 << 20, $"{Bytes(path).Length} bytes for 10 snapshots of 20 kB");
        Assert.True(Bytes(path + "-wal").Length < 2 * SnapshotStore.LogBytes);
    }

    private static FileShardLog Log(SnapshotStore store) => new(store, NullLogger<FileShardLog>.Instance, TimeProvider.System);

    // The file is open.
    private static byte[] Bytes(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        var bytes = new byte[file.Length];
        file.ReadExactly(bytes);
        return bytes;
    }
}
