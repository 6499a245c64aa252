"""Edits: values that change what the generator receives for one scene (iPOSE sec. 4, figs. 5 and 6).

    edit            Edit: what an edit is; Edits: several in order
    draft           the scene and supports that an edit changes
    contexts        what an edit can look up: regions, noise, codes
    noise_edits     Resample, Blend: another texture
    support_edits   EditSupports: other parts for a category; EditParts: the painted parts of one object
    layout_edits    MoveObject, RemoveObject, AddObject, EditLabel
    code_edits      ResampleClass, MixAppearance, Morph: another look of a class (GroupDNet)
    parsing         edits in the words of the command line

Example::

    model(scene, seed=7, edit=Resample(object=2) + EditSupports("car", drop="license"))
"""
