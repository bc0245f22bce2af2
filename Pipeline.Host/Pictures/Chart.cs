using System.Globalization;
using System.Net;
using System.Text;
using ScottPlot;

namespace Pipeline.Host.Pictures;

/// <summary>Size of a picture and of the room around its data, in pixels.</summary>
internal sealed record ChartFrame(int Width, int Height, int Left = 52, int Right = 12, int Top = 12, int Bottom = 42);

/// <summary>
/// A picture with two axes as SVG. ScottPlot draws the marks; texts are SVG text in the page's font, so that they need no font on the machine that
/// draws, and can be searched and copied. NaN values leave gaps.
/// </summary>
internal sealed class Chart : IDisposable
{
    private const int TickLength = 4, TextHeight = 12;

    private readonly Plot _plot = new();
    private readonly StringBuilder _texts = new();
    private readonly ChartFrame _frame;
    private readonly ChartAxis _x, _y;

    /// <summary>An empty picture.</summary>
    public Chart(ChartFrame frame, ChartAxis x, ChartAxis y)
    {
        (_frame, _x, _y) = (frame, x, y);
        _plot.HideGrid();
        _plot.Layout.Fixed(new PixelPadding(frame.Left, frame.Right, frame.Bottom, frame.Top));
        _plot.FigureBackground.Color = _plot.DataBackground.Color = Colors.Transparent;
        _plot.Axes.Frameless();
        _plot.Axes.SetLimits(x.At(x.Low), x.At(x.High), y.At(y.Low), y.At(y.High));
        foreach (var tick in x.HasGrid ? x.Ticks ?? [] : [])
            VerticalLine(tick.Value, ChartColor.Line, 1);
        foreach (var tick in y.HasGrid ? y.Ticks ?? [] : [])
            HorizontalLine(tick.Value, ChartColor.Line, 1);
        LabelAxes();
    }

    /// <summary>A line through points; a NaN ends one piece and begins the next.</summary>
    public void Line(IEnumerable<(double X, double Y)> points, ChartColor colour, float width, bool isDashed = false)
    {
        var piece = new List<Coordinates>();
        foreach (var (x, y) in points.Append((double.NaN, double.NaN)))
            if (double.IsFinite(y))
                piece.Add(new Coordinates(_x.At(x), _y.At(y)));
            else if (piece.Count > 0)
            {
                var line = _plot.Add.ScatterLine(piece, colour.With());
                (line.LineWidth, line.LinePattern) = (width, isDashed ? LinePattern.Dashed : LinePattern.Solid);
                piece = [];
            }
    }

    /// <summary>A dot at each point that has a value.</summary>
    public void Dots(IEnumerable<(double X, double Y)> points, ChartColor colour, float radius, double opacity = 1)
    {
        var there = points.Where(p => double.IsFinite(p.Y)).Select(p => new Coordinates(_x.At(p.X), _y.At(p.Y))).ToArray();
        if (there.Length == 0)
            return;
        var dots = _plot.Add.ScatterPoints(there, colour.With(opacity));
        dots.MarkerStyle.Shape = MarkerShape.FilledCircle;
        dots.MarkerStyle.Size = 2 * radius;
        dots.MarkerStyle.OutlineWidth = 0;
    }

    /// <summary>The area between points and zero.</summary>
    public void Area(IEnumerable<(double X, double Y)> points, ChartColor colour, double opacity)
    {
        var edge = points.Select(p => new Coordinates(_x.At(p.X), _y.At(p.Y))).ToList();
        if (edge.Count == 0)
            return;
        var area = _plot.Add.Polygon([new(edge[0].X, 0), .. edge, new(edge[^1].X, 0)]);
        (area.FillColor, area.LineWidth) = (colour.With(opacity), 0);
    }

    /// <summary>A box between two corners.</summary>
    public void Box(double x1, double x2, double y1, double y2, ChartColor colour, double opacity)
    {
        var box = _plot.Add.Rectangle(x1, x2, y1, y2);
        (box.FillColor, box.LineWidth) = (colour.With(opacity), 0);
    }

    /// <summary>A line over the whole height.</summary>
    public void VerticalLine(double x, ChartColor colour, float width, bool isDashed = false) => Line([(x, _y.Low), (x, _y.High)], colour, width, isDashed);

    /// <summary>A line over the whole width.</summary>
    public void HorizontalLine(double y, ChartColor colour, float width, bool isDashed = false) => Line([(_x.Low, y), (_x.High, y)], colour, width, isDashed);

    /// <summary>Shades cells: values from 0 (the paper) to 1 (darkest), below 0 likewise in the colour of warnings. values [rows x columns], the first row at the lowest y.</summary>
    public void Shades(double[,] values, double x1, double x2, double y1, double y2)
    {
        var (rows, columns) = (values.GetLength(0), values.GetLength(1));
        var upright = new double[rows, columns];
        for (var row = 0; row < rows; row++)
            for (var column = 0; column < columns; column++)
                upright[rows - 1 - row, column] = values[row, column];
        var map = _plot.Add.Heatmap(upright);
        var (halfX, halfY) = ((x2 - x1) / columns / 2, (y2 - y1) / rows / 2);   // the extent is that of the cells' middles
        (map.Extent, map.Colormap, map.ManualRange) = (new CoordinateRect(x1 + halfX, x2 - halfX, y1 + halfY, y2 - halfY), new Shading(), new ScottPlot.Range(-1, 1));
    }

    /// <summary>A text beside a point.</summary>
    /// <param name="x">In the axis's unit.</param>
    /// <param name="y">In the axis's unit.</param>
    /// <param name="text">Plain text.</param>
    /// <param name="anchor"><c>start</c>, <c>middle</c> or <c>end</c>.</param>
    /// <param name="dx">Pixels to the right.</param>
    /// <param name="dy">Pixels down.</param>
    /// <param name="style">CSS class.</param>
    public void Text(double x, double y, string text, string anchor, double dx = 0, double dy = 0, string style = "soft") =>
        Write(PixelX(x) + dx, PixelY(y) + dy + TextHeight / 3.0, text, anchor, style);

    /// <summary>The picture.</summary>
    /// <param name="id">A name that no other picture of the page has.</param>
    /// <param name="description">What it shows, for who cannot see it.</param>
    public string ToSvg(string id, string description) => ChartSvg.Of(_plot.GetSvgXml(_frame.Width, _frame.Height), _frame, _texts.ToString(), id, description);

    /// <inheritdoc/>
    public void Dispose() => _plot.Dispose();

    private double PixelX(double x) => _frame.Left + _x.Fraction(x) * (_frame.Width - _frame.Left - _frame.Right);

    private double PixelY(double y) => _frame.Top + (1 - _y.Fraction(y)) * (_frame.Height - _frame.Top - _frame.Bottom);

    private void LabelAxes()
    {
        var (bottom, middle) = (_frame.Height - _frame.Bottom, (_frame.Left + _frame.Width - _frame.Right) / 2.0);
        foreach (var (value, text) in _x.Ticks ?? [])
            Write(PixelX(value), bottom + TickLength + TextHeight, text, "middle", "tick");
        foreach (var (value, text) in _y.Ticks ?? [])
            Write(_frame.Left - TickLength - 2, PixelY(value) + TextHeight / 3.0, text, "end", "tick");
        if (_x.Label is { } below)
            Write(middle, bottom + 36, below, "middle", "label");
        if (_y.Label is { } beside)
        {
            var centre = (_frame.Top + bottom) / 2.0;
            Write(TextHeight, centre, beside, "middle", "label", $" transform=\"rotate(-90 {TextHeight} {centre.ToString(CultureInfo.InvariantCulture)})\"");
        }
    }

    private void Write(double x, double y, string text, string anchor, string style, string more = "") => _texts.Append(
        CultureInfo.InvariantCulture, $"<text x=\"{x:0.#}\" y=\"{y:0.#}\" text-anchor=\"{anchor}\" class=\"{style}\"{more}>{WebUtility.HtmlEncode(text)}</text>\n");

    /// <summary>From transparent, in the middle, to dark on either side; the page's style sheet makes it bright on a dark page.</summary>
    private sealed class Shading : IColormap
    {
        public string Name => "shades";

        public Color GetColor(double position) => Color.FromHex(position < 0.5 ? "#A8431A" : "#3B556F").WithAlpha(Math.Clamp(Math.Abs(2 * position - 1), 0, 1));
    }
}
