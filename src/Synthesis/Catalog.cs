using AaClip.Scoring.Text;
using AaClip.Synthesis.Drawing;
using AaClip.Synthesis.Objects;
using AaClip.Synthesis.Textures;
using static AaClip.Synthesis.Textures.Surface;

namespace AaClip.Synthesis;

/// <summary>The object classes that the generator can draw. Unseen classes are never used in training.</summary>
public static class Catalog
{
    /// <summary>Classes for training.</summary>
    public static IReadOnlyList<ObjectClass> Seen { get; } =
    [
        Sheet("wood board", Wood, patterned: true),
        Sheet("woven fabric", Fabric, patterned: true),
        Sheet("leather", Leather),
        Sheet("carpet", Carpet),
        Sheet("ceramic tile", Tile),
        Sheet("brushed metal sheet", BrushedMetal, patterned: true),
        Sheet("concrete slab", Concrete),
        Sheet("sheet of paper", Paper),
        Sheet("rubber mat", Rubber, patterned: true),
        Sheet("painted panel", Coat),
        Sheet("perforated plate", Perforated, patterned: true),
        Sheet("brick wall", Bricks, patterned: true),
        Solid("hex nut", Steel, _ => (x, y) => Shape.Without(Shape.Polygon(x, y, 6, 0.62f), Shape.Disc(x, y, 0.33f))),
        Solid(
            "washer",
            Steel,
            r =>
            {
                float hole = F(r, 0.25, 0.42);
                return (x, y) => Shape.Without(Shape.Disc(x, y, 0.68f), Shape.Disc(x, y, hole));
            }
        ),
        Solid(
            "gear",
            Steel,
            r =>
            {
                int teeth = 9 + r.Below(10);
                float bore = F(r, 0.12, 0.25);
                return (x, y) => Shape.Without(Shape.Gear(x, y, teeth, 0.6f, 0.07f), Shape.Disc(x, y, bore));
            }
        ),
        Solid("bottle cap", Coat, _ => (x, y) => Shape.Gear(x, y, 21, 0.66f, 0.025f), (x, y) => 1 + 0.12f * Line(Shape.Disc(x, y, 0.5f))),
        Solid(
            "button",
            Coat,
            r =>
            {
                float d = F(r, 0.12, 0.2);
                return (x, y) => Shape.Without(Shape.Disc(x, y, 0.62f), Shape.Disc(Math.Abs(x) - d, Math.Abs(y) - d, 0.075f));
            },
            (x, y) => 1 - 0.15f * Line(Shape.Disc(x, y, 0.45f))
        ),
        Solid(
            "coin",
            Steel,
            _ => (x, y) => Shape.Disc(x, y, 0.68f),
            (x, y) => 1 + 0.15f * Line(Shape.Disc(x, y, 0.6f)) + 0.1f * Line(Shape.Polygon(x, y, 5, 0.26f))
        ),
        Solid("capsule", Coat, _ => (x, y) => Shape.Segment(x, y, -0.42f, 0, 0.42f, 0, 0.27f), (x, y) => x > 0 ? 0.62f : 1),
        Solid(
            "bracket",
            Steel,
            _ =>
                (x, y) =>
                    Shape.Without(
                        Shape.With(Shape.Box(x + 0.35f, y, 0.2f, 0.7f, 0.05f), Shape.Box(x, y + 0.5f, 0.55f, 0.2f, 0.05f)),
                        Shape.With(Shape.Disc(x + 0.35f, y - 0.42f, 0.09f), Shape.Disc(x - 0.32f, y + 0.5f, 0.09f))
                    )
        ),
        Solid("biscuit", Cork, _ => (x, y) => Shape.Gear(x, y, 17, 0.62f, 0.03f), (x, y) => 1 - 0.35f * Dots(x, y, 5)),
        Solid("circuit board", Coat, _ => (x, y) => Shape.Box(x, y, 0.75f, 0.6f, 0.05f), (x, y) => 1 + 0.45f * Traces(x, y)),
    ];

    /// <summary>Classes for testing only.</summary>
    public static IReadOnlyList<ObjectClass> Unseen { get; } =
    [
        Sheet("cork board", Cork),
        Sheet("wire mesh", Mesh, patterned: true),
        Solid(
            "gasket",
            Rubber,
            r =>
            {
                float bore = F(r, 0.3, 0.4);
                return (x, y) =>
                    Shape.Without(
                        Shape.Without(Shape.Box(x, y, 0.72f, 0.6f, 0.2f), Shape.Disc(x, y, bore)),
                        Shape.Disc(Math.Abs(x) - 0.55f, Math.Abs(y) - 0.43f, 0.07f)
                    );
            }
        ),
        Solid(
            "key",
            Steel,
            _ =>
                (x, y) =>
                    Shape.With(
                        Shape.Without(Shape.Disc(x + 0.45f, y, 0.3f), Shape.Disc(x + 0.45f, y, 0.13f)),
                        Shape.With(
                            Shape.Box(x - 0.22f, y, 0.5f, 0.08f, 0.02f),
                            Shape.With(
                                Shape.Box(x - 0.45f, y - 0.14f, 0.06f, 0.12f, 0.01f),
                                Shape.Box(x - 0.64f, y - 0.12f, 0.06f, 0.1f, 0.01f)
                            )
                        )
                    )
        ),
        Solid(
            "connector",
            Coat,
            _ => (x, y) => Shape.Box(x, y, 0.78f, 0.34f, 0.06f),
            (x, y) => Math.Abs(y) < 0.2f && Math.Abs(x) < 0.7f && Math.Abs(x * 7 - MathF.Round(x * 7)) < 0.28f ? 1.5f : 1
        ),
        Solid("pill", Coat, _ => (x, y) => Shape.Disc(x, y * 1.25f, 0.55f), (x, y) => 1 - 0.2f * Line(y)),
    ];

    /// <summary>
    /// A random class without a name: a seen material, or a random outline with random details. Mixing such classes into the training
    /// prevents a model from memorising the seen classes.
    /// </summary>
    public static ObjectClass Nameless(SeededRandom random)
    {
        Func<SeededRandom, Func<float, float, Color>> material = Materials[random.Below(Materials.Length)];
        if (random.Chance(0.35))
            return Sheet(ClassNames.AnyObject, material, patterned: true);
        Func<float, float, float> outline = Outline(random);
        Func<float, float, float>? details = Details(random);
        return Solid(
            ClassNames.AnyObject,
            random.Chance(0.5) ? material
                : random.Chance(0.5) ? Steel
                : Coat,
            _ => outline,
            details
        );
    }

    /// <summary>All seen and unseen classes.</summary>
    public static IReadOnlyList<ObjectClass> All { get; } = [.. Seen, .. Unseen];

    /// <summary>Finds a class by name; case is ignored.</summary>
    /// <exception cref="ArgumentException">There is no class of that name.</exception>
    public static ObjectClass Find(string name) =>
        All.FirstOrDefault(c => c.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
        ?? throw new ArgumentException(
            $"There is no class '{name}'; there are {string.Join(", ", All.Select(c => c.Name))}.",
            nameof(name)
        );

    private static ObjectClass Sheet(string name, Func<SeededRandom, Func<float, float, Color>> material, bool patterned = false) =>
        new(
            name,
            patterned ? ObjectClass.OfPatterns : ObjectClass.OfSurfaces,
            (canvas, random) =>
            {
                canvas.Fill(material(random));
                Array.Fill(canvas.Object, 1);
            }
        );

    private static ObjectClass Solid(
        string name,
        Func<SeededRandom, Func<float, float, Color>> material,
        Func<SeededRandom, Func<float, float, float>> outline,
        Func<float, float, float>? details = null
    ) => new(name, ObjectClass.OfParts, (canvas, random) => Part.Draw(canvas, random, outline(random), material(random), details));

    private static readonly Func<SeededRandom, Func<float, float, Color>>[] Materials =
    [
        Wood,
        Fabric,
        Leather,
        Carpet,
        Tile,
        BrushedMetal,
        Concrete,
        Paper,
        Rubber,
        Coat,
        Perforated,
        Bricks,
        Perforated,
        Bricks,
        Fabric,
        Steel,
    ];

    private static Func<float, float, float> Outline(SeededRandom r)
    {
        Func<float, float, float> whole = Piece(r, 0.35, 0.7);
        if (r.Chance(0.5)) // a second piece
        {
            (Func<float, float, float> first, Func<float, float, float> second) = (whole, Piece(r, 0.15, 0.45));
            float dx = F(r, -0.4, 0.4),
                dy = F(r, -0.4, 0.4);
            whole = (x, y) => Shape.With(first(x, y), second(x - dx, y - dy));
        }

        for (int holes = r.Below(3); holes > 0; holes--)
        {
            (Func<float, float, float> solid, Func<float, float, float> hole) = (whole, Piece(r, 0.06, 0.3));
            float dx = F(r, -0.35, 0.35),
                dy = F(r, -0.35, 0.35);
            bool sideways = r.Chance(0.5),
                upright = r.Chance(0.5);
            whole = (x, y) => Shape.Without(solid(x, y), hole((sideways ? Math.Abs(x) : x) - dx, (upright ? Math.Abs(y) : y) - dy));
        }

        return whole;
    }

    private static Func<float, float, float> Piece(SeededRandom r, double least, double most)
    {
        float a = F(r, least, most),
            b = F(r, least, most),
            corner = F(r, 0.02, 0.5) * Math.Min(a, b),
            stretch = F(r, 0.7, 1.4);
        int count = 3 + r.Below(6),
            teeth = 6 + r.Below(18);
        return r.Below(5) switch
        {
            0 => (x, y) => Shape.Disc(x * stretch, y / stretch, a),
            1 => (x, y) => Shape.Box(x, y, a, b, corner),
            2 => (x, y) => Shape.Polygon(x, y, count, a),
            3 => (x, y) => Shape.Segment(x, y, -a, 0, a, 0, b / 2),
            _ => (x, y) => Shape.Gear(x, y, teeth, a, a * 0.08f),
        };
    }

    private static Func<float, float, float>? Details(SeededRandom r)
    {
        float strength = F(r, 0.1, 0.6) * (r.Chance(0.5) ? 1 : -1),
            count = F(r, 3, 9),
            share = F(r, 0.12, 0.35),
            within = F(r, 0.15, 0.7),
            radius = F(r, 0.1, 0.5);
        int corners = 3 + r.Below(5);
        return r.Below(8) switch
        {
            0 => (x, y) => 1 + strength * Line(Shape.Disc(x, y, radius)),
            1 => (x, y) => 1 + strength * Line(Shape.Polygon(x, y, corners, radius)),
            2 => (x, y) => 1 + strength * Dots(x, y, count),
            3 => (x, y) => Math.Abs(y) < within && Math.Abs(x * count - MathF.Round(x * count)) < share ? 1 + strength : 1, // bars
            4 => (x, y) => 1 + strength * Traces(x, y),
            5 => (x, y) => x > within - 0.4f ? 1 + strength : 1,
            6 => (x, y) => 1 + strength * Line(x - within + 0.4f),
            _ => null,
        };
    }

    // 1 where the distance is 0, falling to 0 beside it.
    private static float Line(float distance) => Math.Clamp(1 - Math.Abs(distance) * 40, 0, 1);

    private static float Dots(float x, float y, float count)
    {
        float u = x * count - MathF.Round(x * count),
            v = y * count - MathF.Round(y * count);
        return Math.Clamp((0.16f - MathF.Sqrt(u * u + v * v)) * 12, 0, 1);
    }

    // Circuit traces: parallel lines with steps, and pads.
    private static float Traces(float x, float y)
    {
        float shifted =
            y
            + (
                x > 0.15f ? 0.1f
                : x > -0.3f ? 0.05f
                : 0
            );
        float line = Math.Abs(shifted * 6 - MathF.Round(shifted * 6)) < 0.16f ? 1 : 0;
        return Math.Max(line, Dots(x + 0.1f, shifted, 3));
    }
}
