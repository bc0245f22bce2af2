using System.ComponentModel.DataAnnotations;

namespace Pipeline.Host.Store;

/// <summary>Section <c>Store</c>: the store that is used when there is no InfluxDB.</summary>
internal sealed class EmbeddedStoreOptions
{
    /// <summary>Name of the section.</summary>
    public const string Section = "Store";

    /// <summary>Folder of the segments; made when it is missing.</summary>
    [Required]
    public string Directory { get; set; } = "data/store";

    /// <summary>A segment of this many bytes is closed, and a new one begun.</summary>
    [Range(4_096, 1L << 40)]
    public long SegmentBytes { get; set; } = 64 << 20;

    /// <summary>Shortest time between two flushes to the disk; it bounds how much longer a batch waits when batches come in quickly.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:00:10")]
    public TimeSpan FlushInterval { get; set; } = TimeSpan.FromMilliseconds(10);

    /// <summary>Most batches that wait, of all shards together.</summary>
    [Range(1, 65_536)]
    public int QueueLength { get; set; } = 256;
}
