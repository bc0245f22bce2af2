using System.Runtime.Versioning;
using Pipeline.Host.State;
using Pipeline.Tests.Support;
using Xunit;

namespace Pipeline.Tests.State;

[UnsupportedOSPlatform("windows")]
public sealed class PrivateFolderTests : IDisposable
{
    private const UnixFileMode Everybody = (UnixFileMode)0b111_111_111, OwnerAlone = (UnixFileMode)0b111_000_000;
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(UnixFileMode.None)]
    [InlineData(UnixFileMode.StickyBit)]    // as the system's folder for temporary files
    public void Snapshots_in_a_folder_that_everybody_may_write_are_refused_with_the_remedy(UnixFileMode also)
    {
        File.SetUnixFileMode(_folder.Path, Everybody | also);

        var idle = Assert.Throws<IOException>(() => SnapshotStore.Create(_folder.Path)).Message;
        var kept = Assert.Throws<IOException>(() => new CheckpointFolder(_folder.Path)).Message;

        foreach (var (message, setting) in new[] { (idle, "Kafka:StateFolder"), (kept, "Kafka:CheckpointFolder") })
        {
            Assert.Contains(_folder.Path, message, StringComparison.Ordinal);
            Assert.Contains($"everybody may write there (mode {Convert.ToString((int)(Everybody | also), 8)})", message, StringComparison.Ordinal);
            Assert.Contains($"chmod o-w it, or let {setting} name a sub-folder", message, StringComparison.Ordinal);
        }
        Assert.Empty(Directory.EnumerateFileSystemEntries(_folder.Path));
    }

    [Fact]
    public void A_folder_that_is_missing_is_created_for_this_user_alone()
    {
        File.SetUnixFileMode(_folder.Path, Everybody);
        var (idle, kept) = (Path.Combine(_folder.Path, "idle"), Path.Combine(_folder.Path, "kept"));

        using var store = SnapshotStore.Create(idle);
        using var checkpoints = new CheckpointFolder(kept);

        Assert.Equal((OwnerAlone, OwnerAlone), (File.GetUnixFileMode(idle), File.GetUnixFileMode(kept)));
    }

    [Fact]
    public void A_folder_of_others_that_they_alone_write_is_taken()
    {
        File.SetUnixFileMode(_folder.Path, Everybody & ~UnixFileMode.OtherWrite);

        using var store = SnapshotStore.Create(_folder.Path);
    }

    [Fact]
    public void The_store_in_the_place_for_temporary_files_works_and_leaves_no_folder()
    {
        using var store = SnapshotStore.CreateTemporary();

        store.Keep(0, [Snapshots.Of("P1", 0, 1)]);

        Assert.NotNull(store.Find(0, new("P1")));
        Assert.False(Directory.Exists(Path.GetDirectoryName(store.FilePath)));
    }
}
