namespace AaClip.Scoring.Text;

/// <summary>A data set of the published evaluation.</summary>
/// <param name="Name">The name, such as "MVTec".</param>
/// <param name="Domain">"Industrial" or "Medical"; selects how strongly maps are smoothed and how the image score is computed.</param>
/// <param name="Classes">In the order in which the published code evaluates them.</param>
public sealed record PublishedDataSet(string Name, string Domain, IReadOnlyList<PublishedClass> Classes);

/// <summary>A class of a published data set.</summary>
/// <param name="Class">Its name in the data set, such as "metal_nut".</param>
/// <param name="Name">Its name as used in sentences, such as "metal nut which has four notched edges".</param>
public sealed record PublishedClass(string Class, string Name);
