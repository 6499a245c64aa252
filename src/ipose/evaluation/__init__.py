"""Judging and looking: part metrics and baselines, sheets, curves, the report page.

    part_metrics      AC, object-pixel accuracy, part mIoU, by category and basis / novel
    baselines         copy and majority
    part_evaluation   a part predictor beside both
    frechet, kid      distances of feature sets            feature_networks  the features, by name and hash
    semantic_metrics  mIoU and pixel accuracy              segmenters        anybody's, as a file
    class_diversity   mCSD, mOCD: what one class's noise changes
    diversity, lpips  between seeds                        image_sets        images of folders or data, by name
    protocols         what is compared, at what size       eval_card         a number with all it depends on
    part_cards        the parts' cards                     control           change inside and outside of an edit
    card_plot         cards as bars
    figures           maps and images as pictures          palette        their colours
    sheets            scenes, supports, parts on one page  contact_sheet  its layout
    training_curves   losses over the steps
    report            the self-contained HTML page         report_blocks  its ready-made blocks
    report_parts      ... on parts: mistakes, attention    report_cards   ... of eval cards and tables
    attention_view    what a query pixel read

Names are looked up on first use, so that the metrics do not wait for matplotlib.
"""
